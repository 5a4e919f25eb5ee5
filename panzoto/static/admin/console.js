// Shows times in the zone of whoever looks; the page says them in UTC for whoever has no scripts.
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const each of document.querySelectorAll("time[datetime]")) {
  const at = new Date(each.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  each.title = each.textContent;
  each.textContent = moment.format(at);
}
