// What pages call fetch with: each case makes one call of the `fetch` that it is given. `tagged` tells whether the
// request may carry the header; a case that is refused must be refused in the same way with and without the script.
(() => {
  const post = (body, more) => ({ method: "POST", body, ...more });
  const frame = () => {
    const element = document.createElement("iframe");
    document.body.append(element);
    return element.contentWindow;
  };
  class Options {
    get method() {
      return "PUT";
    }
    get headers() {
      return { "X-Own": "class" };
    }
  }
  const stopped = AbortSignal.abort(new Error("no longer wanted"));
  const used = async () => {
    const request = new Request("/echo", post("once"));
    await request.text();
    return request;
  };

  window.oddInputs = {
    "a path": [true, (fetch) => fetch("/echo")],
    "a relative path": [true, (fetch) => fetch("echo?relative")],
    "an empty address": [null, (fetch) => fetch("")],
    "blanks around": [true, (fetch) => fetch("  /echo \n")],
    "backslashes": [true, (fetch) => fetch("\\echo")],
    "an URL": [true, (fetch) => fetch(new URL("/echo?url#part", location.href))],
    "upper-case host": [true, (fetch) => fetch(location.origin.replace("http", "HTTP") + "/echo")],
    "an object with toString": [true, (fetch) => fetch({ toString: () => "/echo?object" })],
    "the location": [null, (fetch) => fetch(location)],
    "a link": [true, (fetch) => fetch(Object.assign(document.createElement("a"), { href: "/echo?link" }))],
    "nothing": [null, (fetch) => fetch()],
    "undefined": [true, (fetch) => fetch(undefined)],
    "null": [true, (fetch) => fetch(null)],
    "a number": [true, (fetch) => fetch(5)],
    "a symbol": [null, (fetch) => fetch(Symbol("s"))],
    "an address that is none": [null, (fetch) => fetch("http://[")],
    "credentials in the address": [null, (fetch) => fetch(location.origin.replace("//", "//me:secret@") + "/echo")],
    "a scheme of its own": [null, (fetch) => fetch("nothing:here")],
    "data": [false, (fetch) => fetch("data:text/plain,hello")],
    "a blob": [false, (fetch) => fetch(URL.createObjectURL(new Blob(["hello"])))],

    "init null": [true, (fetch) => fetch("/echo", null)],
    "init empty": [true, (fetch) => fetch("/echo", {})],
    "init a number": [null, (fetch) => fetch("/echo", 7)],
    "init with undefined": [true, (fetch) => fetch("/echo", { method: undefined, headers: undefined, body: undefined })],
    "init frozen": [true, (fetch) => fetch("/echo", Object.freeze(post("ice", { headers: Object.freeze({ "X-Own": "1" }) })))],
    "init of a class": [true, (fetch) => fetch("/echo", new Options())],
    "init inherited": [true, (fetch) => fetch("/echo", Object.create(post("heir", { headers: { "X-Own": "2" } })))],
    "init without prototype": [true, (fetch) => fetch("/echo", Object.assign(Object.create(null), post("bare")))],
    "init hidden": [true, (fetch) => fetch("/echo", Object.defineProperty({}, "method", { value: "PUT" }))],
    "init a Request": [true, (fetch) => fetch("/echo?other", new Request("/x", { method: "PUT", headers: { "X-Own": "3" } }))],
    "init a proxy": [true, (fetch) => fetch("/echo", new Proxy(post("seen"), {}))],
    "init that throws": [null, (fetch) => fetch("/echo", { get method() { throw new TypeError("unreadable"); } })],
    "init of another frame": [true, (fetch) => fetch("/echo", frame().JSON.parse('{"method": "PUT", "headers": {"X-Own": "4"}}'))],
    "more arguments": [true, (fetch) => fetch("/echo", post("more"), "third")],

    "headers plain": [true, (fetch) => fetch("/echo", { headers: { Accept: "a/b", "X-Own": "5" } })],
    "headers Headers": [true, (fetch) => fetch("/echo", { headers: new Headers({ Accept: "a/b" }) })],
    "headers pairs": [true, (fetch) => fetch("/echo", { headers: [["X-Own", "6"], ["X-Own", "7"]] })],
    "headers a Map": [true, (fetch) => fetch("/echo", { headers: new Map([["X-Own", "8"]]) })],
    "headers read once": [true, (fetch) => fetch("/echo", { headers: new Map([["X-Own", "9"]]).entries() })],
    "headers made as read": [true, (fetch) => fetch("/echo", { headers: (function* () { yield ["X-Own", "10"]; })() })],
    "headers a form's": [true, (fetch) => fetch("/echo", { headers: new URLSearchParams("X-Own=11") })],
    "headers of another frame": [true, (fetch) => fetch("/echo", { headers: new (frame().Headers)({ "X-Own": "12" }) })],
    "headers named concat": [null, (fetch) => fetch("/echo", { headers: { concat: "13" } })],
    "headers null": [null, (fetch) => fetch("/echo", { headers: null })],
    "headers a text": [null, (fetch) => fetch("/echo", { headers: "X-Own: 1" })],
    "headers invalid": [null, (fetch) => fetch("/echo", { headers: { "no blanks": "x" } })],
    "headers invalid as read": [null, (fetch) => fetch("/echo", { headers: [["X-Own", "1\n2"]].values() })],
    "headers forbidden": [true, (fetch) => fetch("/echo", { headers: { Host: "else", Cookie: "a=b", "X-Own": "14" } })],
    "present, plain": ["own", (fetch) => fetch("/echo", { headers: { "x-SESSION-id": "own" } })],
    "present, Headers": ["own", (fetch) => fetch("/echo", { headers: new Headers({ "X-Session-ID": "own" }) })],
    "present, pairs": ["own", (fetch) => fetch("/echo", { headers: [["X-SESSION-ID", "own"]] })],
    "present, empty": ["", (fetch) => fetch("/echo", { headers: { "x-session-id": "" } })],
    "present, Request": ["own", (fetch) => fetch(new Request("/echo", { headers: { "X-Session-Id": "own" } }))],
    "present, read once": ["own", (fetch) => fetch("/echo", { headers: new Map([["x-session-id", "own"]]).entries() })],

    "Request": [true, (fetch) => fetch(new Request("/echo"))],
    "Request with headers": [true, (fetch) => fetch(new Request("/echo", { headers: { Authorization: "Bearer t" } }))],
    "Request, headers replaced": [true, (fetch) => fetch(new Request("/echo", { headers: { "X-Own": "old" } }), { headers: { "X-New": "new" } })],
    "Request with a body": [true, (fetch) => fetch(new Request("/echo", post("body")))],
    "Request, body replaced": [true, (fetch) => fetch(new Request("/echo", post("old")), { body: "new" })],
    "Request cloned": [true, (fetch) => fetch(new Request("/echo", post("clone")).clone())],
    "Request used": [null, async (fetch) => fetch(await used())],
    "Request used, with a new body": [true, async (fetch) => fetch(await used(), { body: "second" })],
    "Request, then its bodyUsed": [true, async (fetch) => {
      const request = new Request("/echo", post("body"));
      const answer = await fetch(request);
      return request.bodyUsed ? answer : Promise.reject(new Error("unused"));
    }],
    "Request with a referrer": [true, (fetch) => fetch(new Request("/echo", { referrer: "/from/here" }))],
    "Request without a referrer": [true, (fetch) => fetch(new Request("/echo", { referrer: "" }))],
    "Request with a policy": [true, (fetch) => fetch(new Request("/echo", { referrer: "/x", referrerPolicy: "origin" }))],
    "Request with a referrer, init empty": [true, (fetch) => fetch(new Request("/echo", { referrer: "/from/here" }), {})],
    "Request with a referrer, init": [true, (fetch) => fetch(new Request("/echo", { referrer: "/from/here" }), { method: "PUT" })],
    "Request no-cors": [false, (fetch) => fetch(new Request("/echo", { mode: "no-cors", headers: { Accept: "a/b" } }))],
    "Request aborted": [null, (fetch) => fetch(new Request("/echo", { signal: stopped }))],
    "Request of another frame": [true, (fetch) => fetch(new (frame().Request)(location.origin + "/echo", post("guest", { headers: { "X-Own": "15" } })))],

    "mode no-cors": [false, (fetch) => fetch("/echo", { mode: "no-cors", headers: { Accept: "a/b" } })],
    "mode same-origin": [true, (fetch) => fetch("/echo", { mode: "same-origin" })],
    "mode navigate": [null, (fetch) => fetch("/echo", { mode: "navigate" })],
    "window null": [true, (fetch) => fetch("/echo", { window: null })],
    "credentials left out": [true, (fetch) => fetch("/echo", { credentials: "omit" })],
    "kept alive": [true, (fetch) => fetch("/echo", post("alive", { keepalive: true }))],
    "priority": [true, (fetch) => fetch("/echo", { priority: "low" })],
    "redirect error": [true, (fetch) => fetch("/echo", { redirect: "error" })],
    "redirect manual": [null, (fetch) => fetch("/redirect?to=/echo", { redirect: "manual" })],
    "redirect followed": [true, (fetch) => fetch("/redirect?to=/echo&status=307", post("again"))],
    "integrity": [null, (fetch) => fetch("/echo", { integrity: "sha256-AAAA" })],
    "only from the cache": [null, (fetch) => fetch("/echo?never", { cache: "only-if-cached", mode: "same-origin" })],
    "not stored": [true, (fetch) => fetch("/echo", { cache: "no-store" })],
    "aborted before": [null, (fetch) => fetch("/echo", { signal: stopped })],
    "signal null": [true, (fetch) => fetch("/echo", { signal: null })],
    "body with GET": [null, (fetch) => fetch("/echo", { body: "x" })],
    "body form": [true, (fetch) => { const form = new FormData(); form.append("a", "b"); return fetch("/echo", post(form)); }],
    "body parameters": [true, (fetch) => fetch("/echo", post(new URLSearchParams("a=b")))],
    "body blob": [true, (fetch) => fetch("/echo", post(new Blob(["c"], { type: "x/y" })))],
    "body bytes": [true, (fetch) => fetch("/echo", post(new Uint8Array([1, 2])))],
    "body a stream without duplex": [null, (fetch) => fetch("/echo", post(new Blob(["c"]).stream()))],
    "method odd": [true, (fetch) => fetch("/echo", { method: "patch", body: "p" })],
    "method invalid": [null, (fetch) => fetch("/echo", { method: "TRACE" })],
    "called on nothing": [true, (fetch) => (0, fetch)("/echo")],
    "called on window": [true, (fetch) => fetch.call(window, "/echo")],
    "called on an object": [null, (fetch) => fetch.call({}, "/echo")],
  };
})();
