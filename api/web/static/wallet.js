// Wallets in the browser (EIP-6963): signing in, linking, giving, and following what was sent.

import { call, once, words } from "./service.js";

const LAST = new Set(["reconciled", "failed"]), AGAIN = 5_000, RARELY = 60_000;
const account = document.body.dataset.account;
const said = (text, name) => text.replace("{name}", name);
const hex = (number) => `0x${BigInt(number).toString(16)}`;
const pause = (time) => new Promise((done) => setTimeout(done, time));

export function begin() {
  const places = [...document.querySelectorAll(".wallets")];
  const known = new Set();
  addEventListener("eip6963:announceProvider", ({ detail }) => {
    if (known.has(detail.info.uuid)) return;
    known.add(detail.info.uuid);
    for (const place of places) offer(place, detail);
  });
  dispatchEvent(new Event("eip6963:requestProvider"));
  setTimeout(() => {
    if (!known.size && window.ethereum) return places.forEach((place) => offer(place, { info: { name: "Wallet" }, provider: window.ethereum }));
    if (!known.size) document.querySelectorAll("[data-no-wallet]").forEach((note) => { note.hidden = false; });
  }, 500);
  for (const section of document.querySelectorAll("[data-follow]")) follow(section);
}

function offer(place, { info, provider }) {
  const [around, text, work] = kind(place);
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = said(text, info.name);
  button.addEventListener("click", () => once(button, around, () => work(asking(provider), around)));
  place.append(button);
  place.hidden = false;
}

function kind(place) {
  const give = place.closest("[data-wallet]"), signIn = place.closest("[data-sign-in]");
  if (give) return [give, words.give_wallet, giveAll];
  if (signIn) return [signIn, words.sign_in_wallet, signInAndGo];
  return [place.closest("[data-link-wallet]"), words.link_wallet, link];
}

// A wallet, whose refusals are told in the words of the page.
function asking(provider) {
  return async (method, ...params) => {
    try {
      return await provider.request({ method, params });
    } catch (error) {
      throw error.code === 4902 ? error : new Error(error.code === 4001 ? words.refused : error.message || words.failed);
    }
  };
}

async function signed(wallet, purpose) {
  const [address] = await wallet("eth_requestAccounts");
  const chain_id = Number(await wallet("eth_chainId"));
  const { message } = await call("POST", "/v1/sign-in/challenge", { address, chain_id, purpose });
  const bytes = [...new TextEncoder().encode(message)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { message, signature: await wallet("personal_sign", `0x${bytes}`, address) };
}

async function signIn(wallet) {
  await call("POST", "/v1/sign-in/wallet", { ...(await signed(wallet, "sign_in")), session: "cookie" });
}

async function signInAndGo(wallet, place) {
  await signIn(wallet);
  location.assign(place.dataset.signIn);
}

async function link(wallet) {
  await call("POST", "/v1/me/wallets", await signed(wallet, "link"));
  location.reload();
}

async function giveAll(wallet, place) {
  const { wallet: round, chain, token } = place.dataset;
  const step = steps(place.querySelector(".steps"));
  step(words.step_account);
  const [from] = await wallet("eth_requestAccounts");
  if (!account && !place.dataset.signedIn) {
    step(words.step_sign_in);
    await signIn(wallet);
    place.dataset.signedIn = "yes";
  }
  if (BigInt(await wallet("eth_chainId")) !== BigInt(chain)) {
    step(words.step_chain);
    await wallet("wallet_switchEthereumChain", { chainId: hex(chain) });
  }
  const wanted = { chain_id: Number(chain), token, from, gifts: gifts() };
  const { transactions } = await call("POST", `/v1/rounds/${round}/transactions`, wanted);
  for (const transaction of transactions) {
    const allows = transaction.data.startsWith("0x095ea7b3");
    if (allows && (await allowed(wallet, from, transaction))) continue;
    step(allows ? words.step_approve : words.step_give, transaction.says);
    const { to, data, value } = transaction;
    const hash = await wallet("eth_sendTransaction", { from, to, data, value: hex(value) });
    if (allows) {
      step(words.step_mined);
      while (!(await wallet("eth_getTransactionReceipt", hash))) await pause(2_000);
    } else await told(round, { chain_id: Number(chain), tx_hash: hash });
  }
  step(words.step_sent);
  localStorage.removeItem(`qf-cart-${round}`);
  history.replaceState(null, "", location.pathname);
  const section = document.querySelector(`[data-follow="${CSS.escape(round)}"]`);
  section.hidden = false;
  follow(section);
}

function gifts() {
  const form = new FormData(document.querySelector("[data-cart-of]"));
  const amounts = form.getAll("amount");
  const listed = form.getAll("project").map((project, place) => ({ project, amount: plain(amounts[place]) }));
  return listed.filter(({ project, amount }) => project && amount);
}

const plain = (typed) => typed.normalize("NFKC").replace(/[ ,_¥円\t、]/g, "");

// Whether the contract may take as much already: allowance(owner, spender), beside approve(spender, amount).
async function allowed(wallet, owner, { to, data }) {
  const spender = data.slice(10, 74), amount = BigInt(`0x${data.slice(74, 138)}`);
  const asked = `0xdd62ed3e${owner.slice(2).padStart(64, "0")}${spender}`;
  const may = await wallet("eth_call", { to, data: asked }, "latest");
  return may.length > 2 && BigInt(may) >= amount;
}

// A transaction that was sent is told to the service, even if this page is closed before the answer.
async function told(round, sent) {
  const key = `qf-sent-${round}`;
  localStorage.setItem(key, JSON.stringify([...JSON.parse(localStorage.getItem(key) ?? "[]"), sent]));
  await tell(round);
}

async function tell(round) {
  const key = `qf-sent-${round}`;
  for (const sent of JSON.parse(localStorage.getItem(key) ?? "[]")) {
    await call("POST", `/v1/rounds/${round}/gifts`, sent);
    const left = JSON.parse(localStorage.getItem(key) ?? "[]").filter((each) => each.tx_hash !== sent.tx_hash);
    localStorage.setItem(key, JSON.stringify(left));
  }
}

function steps(list) {
  list.replaceChildren();
  return (text, more) => {
    list.lastElementChild?.classList.add("done");
    const item = document.createElement("li");
    item.textContent = text;
    if (more) {
      const detail = document.createElement("span");
      detail.lang = "en";
      detail.className = "note";
      detail.textContent = ` ${more}`;
      item.append(detail);
    }
    list.append(item);
  };
}

let following = false;

async function follow(section) {
  const round = section.dataset.follow, list = section.querySelector(".followed");
  if (following || (!account && section.hidden)) return;
  following = true;
  try {
    await tell(round);
    for (let wait = AGAIN; ; wait = Math.min(wait * 1.5, RARELY)) {
      const { items } = await call("GET", `/v1/rounds/${round}/gifts/mine`);
      list.replaceChildren(...items.map(shown));
      if (items.every((gift) => LAST.has(gift.state))) return;
      await pause(wait);
    }
  } catch {
    // It is tried again when the page is opened anew; what was sent is recorded from the chain in any case.
  } finally {
    following = false;
  }
}

function shown(gift) {
  const item = document.createElement("li"), first = document.createElement("p"), second = document.createElement("p");
  const hash = document.createElement("code"), state = document.createElement("strong");
  hash.title = gift.tx_hash;
  hash.textContent = `${gift.tx_hash.slice(0, 10)}…${gift.tx_hash.slice(-6)}`;
  state.dataset.state = gift.state;
  state.textContent = words[`gift_${gift.state}`];
  first.append(hash);
  second.append(state);
  item.append(first, second);
  return item;
}
