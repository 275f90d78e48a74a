// Sends the form's file in pieces that can be sent again. Without this script the form sends it whole, up to 100 MiB.
"use strict";
const box = document.getElementById("upload");
const form = document.querySelector("form.form");
const input = form.querySelector("input[type=file]");
const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
const find = (name) => box.querySelector(`[data-${name}]`);
const bar = box.querySelector("progress");
const PIECE = 4 * 1024 * 1024;
const TRIES = 4;
let paused = false;
let upload = null;

find("scripted").hidden = false;

const say = (text, bad = false) => {
  find("said").textContent = text;
  find("said").className = bad ? "note note-bad" : "";
};

const ask = async (address, options = {}) => {
  const headers = { "X-CSRFToken": token, ...options.headers };
  const answer = await fetch(address, { redirect: "error", ...options, headers });
  const kind = answer.headers.get("Content-Type") || "";
  const body = kind.includes("json") ? await answer.json() : { detail: answer.statusText || String(answer.status) };
  return { status: answer.status, body };
};

// An answer of the server's own trouble, or none at all, is asked for again.
const patiently = async (act) => {
  for (let tried = 1; ; tried += 1) {
    try {
      const answer = await act();
      if (answer.status < 500 && answer.status !== 429) return answer;
    } catch {
      // no connection
    }
    if (tried === TRIES) return null;
    await new Promise((go) => setTimeout(go, 500 * 4 ** (tried - 1)));
  }
};

const known = (file) =>
  box.dataset.open && Number(box.dataset.size) === file.size && Number(box.dataset.modified) === file.lastModified;

const begin = (file) => {
  if (upload || known(file)) return patiently(() => ask(`/upload/${upload ? upload.id : box.dataset.open}/`));
  const body = new URLSearchParams({ name: file.name, size: file.size, modified: file.lastModified });
  return patiently(() => ask(box.dataset.start, { method: "POST", body }));
};

const show = (file) => {
  const percent = Math.floor((100 * upload.received) / file.size);
  bar.value = percent;
  if (percent % 10 === 0 || percent - Number(bar.dataset.said || 0) >= 10) {
    bar.dataset.said = percent;
    say(`${percent}% ${box.dataset.sent}`);
  }
};

const stop = (text, bad = false) => {
  say(text, bad);
  find("pause").hidden = true;
  find("resume").hidden = bad && !upload;
  form.querySelector("[type=submit]").disabled = false;
};

const piece = (file) =>
  ask(`/upload/${upload.id}/chunk/`, {
    method: "PUT",
    body: file.slice(upload.received, upload.received + PIECE),
    headers: { "Content-Type": "application/octet-stream", "Upload-Offset": String(upload.received) },
  });

const send = async (file) => {
  while (upload.received < file.size) {
    if (paused) return stop(box.dataset.paused);
    const answer = await patiently(() => piece(file));
    if (answer === null) return stop(box.dataset.lost);
    if (answer.body.received === undefined) {
      upload = null;
      return stop(answer.body.detail, true);
    }
    upload.received = answer.body.received;
    show(file);
  }
  find("pause").hidden = true;
  say(box.dataset.reading);
  const answer = await patiently(() => ask(`/upload/${upload.id}/complete/`, { method: "POST" }));
  if (answer === null) return stop(box.dataset.lost);
  if (answer.status !== 200) {
    upload = null;
    return stop(answer.body.detail, true);
  }
  window.location.assign(answer.body.page);
};

const start = async () => {
  const file = input.files[0];
  paused = false;
  if (file.size > Number(box.dataset.limit)) return stop(box.dataset.large, true);
  form.querySelector("[type=submit]").disabled = true;
  find("progress").hidden = find("pause").hidden = false;
  find("resume").hidden = true;
  const answer = await begin(file);
  if (answer === null) return stop(box.dataset.lost);
  if (answer.status >= 300) {
    upload = null;
    return stop(answer.body.detail, true);
  }
  upload = answer.body;
  if (upload.state !== "open") return window.location.assign(upload.page);
  show(file);
  return send(file);
};

form.addEventListener("submit", (event) => {
  if (!input.files.length) return;
  event.preventDefault();
  start();
});
input.addEventListener("change", () => {
  upload = null;
});
find("pause").addEventListener("click", () => {
  paused = true;
});
find("resume").addEventListener("click", start);
