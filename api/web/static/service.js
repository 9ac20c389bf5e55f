// Requests to the service: in the name of this page, with the session that the browser keeps.

export const words = JSON.parse(document.body.dataset.words);

export class Problem extends Error {
  constructor(told) {
    super(words[`problem_${told.code}`] ?? [words.failed, told.detail].filter(Boolean).join(" "));
    this.code = told.code;
    this.status = told.status;
  }
}

export const csrf = () => /(?:^|; )(?:__Host-)?qf-csrf=([^;]+)/.exec(document.cookie)?.[1] ?? "";

async function sent(method, path, body) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf()) headers["X-CSRF-Token"] = csrf();
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Error(words.offline);
  }
  const text = await answer.text();
  const told = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Problem(told ?? { status: answer.status });
  return told;
}

// New tokens for a session whose short one has run out. Refresh tokens are good for one use, so that one tab asks at a
// time, and the others use what it got.
export function resume() {
  const asked = Date.now();
  return navigator.locks.request("qf-resume", async () => {
    if (Number(localStorage.getItem("qf-resumed")) > asked) return;
    try {
      await sent("POST", "/v1/sign-in/refresh", {});
    } catch (error) {
      if (error instanceof Problem && error.status < 500 && error.status !== 429) {
        for (const name of ["qf-csrf", "__Host-qf-csrf"]) {
          document.cookie = `${name}=; path=/; max-age=0${name.startsWith("__Host") ? "; secure" : ""}`;
        }
      }
      throw error;
    }
    localStorage.setItem("qf-resumed", String(Date.now()));
  });
}

export async function call(method, path, body) {
  try {
    return await sent(method, path, body);
  } catch (error) {
    if (error.status !== 401 || !csrf() || path.startsWith("/v1/sign-in/")) throw error;
  }
  await resume();
  return sent(method, path, body);
}

export function show(place, error) {
  const problem = place?.querySelector(".problem[role=alert]");
  if (!problem) return;
  problem.hidden = !error;
  problem.textContent = error ? error.message : "";
}

// Does something once, however often its button is pressed meanwhile.
export async function once(button, place, work) {
  if (button?.getAttribute("aria-busy") === "true") return;
  button?.setAttribute("aria-busy", "true");
  show(place, null);
  try {
    await work();
  } catch (error) {
    show(place, error);
  } finally {
    button?.removeAttribute("aria-busy");
  }
}
