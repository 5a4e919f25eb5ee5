// On Android, opens the app as if its button had been pressed. It fetches nothing and spends nothing.
const button = document.getElementById("open_app");
if (button && /Android/.test(navigator.userAgent)) location.href = button.href;
