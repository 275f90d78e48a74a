// A form with data-autosave sends what is typed to that address, a moment after the typing stops. Its button still saves.
"use strict";
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const status = form.querySelector("[data-saved]");
  const texts = () => new URLSearchParams(new FormData(form));
  const abort = new AbortController();
  let timer;
  let last = texts().toString();

  const send = async () => {
    const body = texts();
    if (body.toString() === last) return;
    try {
      const answer = await fetch(form.dataset.autosave, { method: "POST", body, signal: abort.signal, redirect: "error" });
      if (!answer.ok) throw new Error(answer.statusText);
      last = body.toString();
      status.textContent = `${status.dataset.saved} ${(await answer.json()).time}`;
    } catch (error) {
      if (error.name !== "AbortError") status.textContent = status.dataset.failed;
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(send, 1000);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    abort.abort();
  });
}
