// Sends each form once: whoever presses twice would lose the first answer, and a recovery key is in no other.
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 10000);  // whoever stopped it may try again
  });
}
// Whoever comes back to the page by the browser's button may try again.
addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });
