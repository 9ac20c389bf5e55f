// The gifts somebody thinks of, kept in this browser; the page of the cart has them in its address.

const key = (round) => `qf-cart-${round}`;
const kept = (round) => new URLSearchParams(localStorage.getItem(key(round)) ?? "");

function gifts(query) {
  const amounts = query.getAll("amount");
  return new Map(query.getAll("project").map((project, place) => [project, amounts[place] ?? ""]));
}

function keep(round, found, token) {
  const query = new URLSearchParams();
  for (const [project, amount] of found) {
    if (!project || !amount.trim()) continue;
    query.append("project", project);
    query.append("amount", amount);
  }
  if (token) query.append("token", token);
  if (query.has("project")) localStorage.setItem(key(round), query);
  else localStorage.removeItem(key(round));
  return query;
}

export function keepCart() {
  const cart = document.querySelector("[data-cart-of]");
  if (cart) {
    const round = cart.dataset.cartOf, here = new URLSearchParams(location.search);
    if (!location.search && kept(round).has("project")) location.replace(`?${kept(round)}`);
    else if (location.search) keep(round, gifts(here), here.get("token"));
    for (const link of document.querySelectorAll("a.remove[href='?']")) {
      link.addEventListener("click", () => localStorage.removeItem(key(round)));
    }
  }
  for (const link of document.querySelectorAll("a[data-cart]")) {
    const query = String(kept(link.dataset.cart));
    if (query) link.search = query;
  }
  for (const button of document.querySelectorAll("[data-cart-add]")) {
    button.addEventListener("click", (event) => {
      if (!button.form.reportValidity()) return event.preventDefault();
      event.preventDefault();
      const round = button.dataset.cartAdd, form = new FormData(button.form);
      const found = gifts(kept(round)).set(form.get("project"), form.get("amount"));
      location.assign(`${button.formAction.split("?")[0]}?${keep(round, found, form.get("token"))}`);
    });
  }
}
