// While a file is read or measured, its progress is fetched every few seconds; when it is over, the page is loaded anew.
"use strict";
const watched = document.getElementById("job");
const look = async () => {
  try {
    const answer = await fetch(window.location.href, { redirect: "error" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.getElementById("job");
    if (answer.ok && !now) return window.location.reload();
    if (now && now.innerHTML !== watched.innerHTML) watched.innerHTML = now.innerHTML;
  } catch {
    // no connection: look again later
  }
  return setTimeout(look, 3000);
};
setTimeout(look, 2000);
