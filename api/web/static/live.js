// What changes while a page is open, and estimates without loading the page anew.

import { words } from "./service.js";

export function listen() {
  const place = document.querySelector("[data-events]");
  if (place) events(place);
  for (const form of document.querySelectorAll("form[data-estimate]")) estimating(form);
}

function events(place) {
  const source = new EventSource(place.dataset.events);
  const entries = place.querySelector("[data-live=entries]"), note = document.querySelector("[data-live=note]");
  source.addEventListener("donations", (event) => {
    if (entries) entries.textContent = JSON.parse(event.data).entries.toLocaleString(document.documentElement.lang);
  });
  source.addEventListener("estimates", (event) => {
    for (const [project, match] of Object.entries(JSON.parse(event.data).match_base)) {
      const shown = document.querySelector(`[data-match="${CSS.escape(project)}"] .money`);
      if (shown) shown.textContent = likewise(shown.textContent, match, shown.closest("[data-match]").dataset);
    }
  });
  for (const kind of ["state", "notice"]) source.addEventListener(kind, () => { if (note) note.hidden = false; });
  addEventListener("pagehide", () => source.close());
}

// An amount written as the one before it: the same sign or name of its unit around other digits.
function likewise(before, base, { decimals }) {
  const places = Number(decimals ?? 0), digits = base.padStart(places + 1, "0");
  const whole = BigInt(digits.slice(0, digits.length - places)).toLocaleString("en");
  const part = places ? digits.slice(-places).slice(0, 6).replace(/0+$/, "") : "";
  return before.replace(/[0-9][0-9,.]*/, part ? `${whole}.${part}` : whole);
}

// Asks for the page with the estimate in it, and puts that part of it here: what is told has one place, on the server.
function estimating(form) {
  const answer = document.getElementById("gift-answer"), amount = form.elements.amount;
  let timer, asked = 0;
  const ask = async () => {
    const number = ++asked, query = new URLSearchParams(new FormData(form));
    query.delete("project");
    if (!amount.value.trim()) return answer.replaceChildren();
    try {
      const page = await (await fetch(`${location.pathname}?${query}`, { headers: { Accept: "text/html" } })).text();
      const found = new DOMParser().parseFromString(page, "text/html").getElementById("gift-answer");
      if (number !== asked || !found) return;
      answer.replaceChildren(...found.childNodes);
      amount.toggleAttribute("aria-invalid", Boolean(answer.querySelector(".problem")));
      history.replaceState(null, "", `?${query}`);
    } catch {
      answer.textContent = words.offline;
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 400);
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) return;
    event.preventDefault();
    clearTimeout(timer);
    ask();
  });
}
