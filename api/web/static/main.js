// What pages do beyond being read. Without this script they can be read, searched and asked for estimates.

import { call, csrf, once, resume } from "./service.js";
import { keepCart } from "./cart.js";
import { listen } from "./live.js";

const account = document.body.dataset.account;

function body(form) {
  const found = Object.fromEntries(new FormData(form));
  return Object.keys(found).length ? found : undefined;
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-call]");
  if (!form) return;
  event.preventDefault();
  const [method, path] = form.dataset.call.split(" ");
  once(event.submitter, form, async () => {
    const told = await call(method, path, method === "GET" ? undefined : body(form));
    if (form.hasAttribute("data-forget")) localStorage.clear();
    if (form.dataset.go) location.assign(told[form.dataset.go]);
    else if (form.dataset.then) location.assign(form.dataset.then);
    else location.reload();
  });
});

if (!account && csrf()) resume().then(() => location.reload(), () => {});
keepCart();
listen();
if (document.querySelector(".wallets, [data-follow]")) import("./wallet.js").then((wallet) => wallet.begin());
