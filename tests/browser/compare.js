// Runs a case with the browser's own fetch and with the page's, and tells what came of each.
window.compare = async (run) => {
  const outcome = async (fetch) => {
    try {
      const answer = await run(fetch);
      const text = await answer.text();
      const { type, status, redirected, url } = answer;
      const echo = text.startsWith("{") ? JSON.parse(text) : { text };
      const { "x-session-id": id, ...headers } = echo.headers || {};
      return { id, answer: { type, status, redirected, url: url.replace(/^blob:.*/, "blob:"), ...echo, headers } };
    } catch (error) {
      return { error: error.name };
    }
  };
  return { without: await outcome(window.ownFetch), with: await outcome(window.fetch) };
};

// Makes one call from a description in JSON, so that calls can be drawn at random.
window.callOf = ({ input, headers, body, more }) => (fetch) => {
  const kinds = {
    none: (pairs) => undefined,
    plain: (pairs) => Object.fromEntries(pairs),
    pairs: (pairs) => pairs,
    object: (pairs) => new Headers(pairs),
    once: (pairs) => new Map(pairs).entries(),
  };
  const bodies = {
    none: () => ({}),
    text: () => ({ method: "POST", body: "text" }),
    form: () => { const form = new FormData(); form.append("a", new Blob(["b"])); return { method: "PUT", body: form }; },
    bytes: () => ({ method: "POST", body: new Uint8Array([9, 10]) }),
  };
  const options = (part) => {
    const made = { ...bodies[part.body](), ...part.more };
    const list = kinds[part.headers.kind](part.headers.pairs);
    return list ? { ...made, headers: list } : made;
  };
  const outer = options({ headers, body, more });
  if (input.kind === "text") return fetch("/echo", outer);
  if (input.kind === "URL") return fetch(new URL("/echo", location.href), outer);
  return fetch(new Request("/echo", options(input)), input.alone ? undefined : outer);
};
