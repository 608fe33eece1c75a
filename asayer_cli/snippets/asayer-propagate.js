/*
 * Sends the id of the session that the Asayer tracker records along with the page's requests, so that the back end can
 * tag its log entries: wraps fetch and XMLHttpRequest, and adds the header X-Session-Id to requests to its origin.
 *
 * Classic:  <script src="/asayer-propagate.js" data-origins="https://api.example.com"></script>
 * Module:   import "./asayer-propagate.js"; window.asayerPropagate.install({ origins: ["https://api.example.com"] });
 *
 * It installs itself as it loads: before or after the tracker, but before code that keeps a fetch of its own. A further
 * asayerPropagate.install({...}) only changes options; asayerPropagate.uninstall() takes it away again. The options,
 * as data- attributes of a classic script too (lists parted by blanks):
 *   header   the header's name.
 *   origins  further origins that get the header, compared exactly. Each must allow it in its answer to the preflight,
 *            Access-Control-Allow-Headers: X-Session-Id ("*" is not enough where cookies are sent), else requests fail.
 *   except   beginnings of addresses that get no header, such as /downloads/.
 *
 * The id is asked for at each request: sessionID(), or id() of older trackers, of window.asayer, or of
 * window.__ASAYER__, which the package @asayerio/tracker sets. What is no decimal number of 64 bits is not sent.
 * Redirects: browsers carry the header along. A redirect to another origin shows it the id, and fails unless it allows
 * the header: name in `except` what redirects to other origins, such as to a file store.
 * navigator.sendBeacon, EventSource and WebSocket cannot carry headers, and so carry no id.
 * It needs a browser of 2020 or later (ES2020); an older one reports a syntax error and goes on without it.
 */
(() => {
  "use strict";
  if (!globalThis.document) return; // rendered on a server, or in a worker
  const given = document.currentScript?.dataset || {};
  const known = window.asayerPropagate;
  if (known?.install) return known.install(given);

  let header = "X-Session-Id";
  let origins = [];
  let except = [];
  let asking;
  let remove;

  const attempt = (action) => {
    try {
      return action();
    } catch {} // whatever is wrong here must not be the page's trouble
  };

  const resolve = (url) => new URL(url, document.baseURI);

  const listed = (list, read) =>
    `${list}`.split(/[\s,]+/).flatMap((item) => {
      if (!item) return [];
      return attempt(() => read(item)) || (console.warn("asayer-propagate: no URL:", item), []);
    });

  const configure = (options) => {
    header = options.header || header;
    if (options.origins) origins = listed(options.origins, (item) => new URL(item));
    if (options.except) except = listed(options.except, resolve);
  };

  const ask = () => {
    for (const tracker of [window.asayer, window.__ASAYER__]) {
      for (const method of ["sessionID", "id"]) {
        const id = attempt(() => {
          const value = tracker[method]();
          return value > 9e15 && value.toFixed ? "" : `${value}`; // so large a number has lost digits
        });
        if (/^\d{1,20}$/.test(id) && !(BigInt(id) >> 64n)) return id;
      }
    }
  };

  const idFor = ({ href, origin }) => {
    if (asking || !/^https?:/.test(href) || except.some((start) => href.startsWith(start.href))) return;
    if (origin !== location.origin && !origins.some((known) => origin === known.origin)) return;
    asking = true; // a tracker may make requests as it is asked
    const id = attempt(ask);
    asking = false;
    return id;
  };

  const kind = (value) => ({}).toString.call(value).slice(8, -1); // of another frame's objects too

  // Changes the arguments of fetch. What is there keeps its type, as what was wrapped before may know no other.
  const tag = (parameters) => {
    const [input, init] = parameters;
    const request = kind(input) === "Request";
    const id = parameters.length && idFor(resolve(request ? input.url : input));
    if (!id) return;
    const copy = {};
    for (let level = init; level; level = Reflect.getPrototypeOf(level)) {
      for (const name of Reflect.ownKeys(level)) {
        const value = name in copy ? undefined : init[name];
        if (value !== undefined) copy[name] = value;
      }
    }
    // any option at all would reset these two
    if (request && !Object.keys(copy)[0]) ({ referrer: copy.referrer, referrerPolicy: copy.referrerPolicy } = input);
    let headers = "headers" in copy ? copy.headers : request ? input.headers : {};
    const ready = kind(headers) === "Headers";
    headers = ready ? new Headers(headers) : headers[Symbol.iterator] ? [...headers] : { ...headers };
    copy.headers = headers;
    parameters[1] = copy;
    if (new Headers(headers).has(header)) return;
    if (ready) headers.set(header, id);
    else if (headers.concat) headers.push([header, id]);
    else headers[header] = id;
  };

  const install = (options) => {
    attempt(() => configure(options));
    if (remove) return;
    let on = true;
    const undo = [];
    const urls = new WeakMap(); // of requests that are open and have no such header
    // `before` may return what is to be done after
    const wrap = (target, name, before) =>
      attempt(() => {
        const original = target[name];
        if (!original) return;
        const wrapper = function (...parameters) {
          const after = on && attempt(() => before(parameters, this));
          const result = original.apply(this, parameters);
          if (after) attempt(after);
          return result;
        };
        target[name] = wrapper;
        undo.push(() => {
          if (target[name] === wrapper) target[name] = original;
        });
        return original;
      });

    wrap(window, "fetch", tag);
    const xhr = window.XMLHttpRequest?.prototype;
    wrap(xhr, "open", ([, url], request) => () => urls.set(request, resolve(url)));
    const set = wrap(xhr, "setRequestHeader", ([name], request) => () => {
      if (new Headers([[name, ""]]).has(header)) urls.delete(request);
    });
    wrap(xhr, "send", (_, request) => {
      const id = idFor(urls.get(request));
      urls.delete(request);
      if (id) set.call(request, header, id);
    });
    remove = () => {
      on = remove = null;
      undo.forEach(attempt);
    };
  };

  window.asayerPropagate = { install, uninstall: () => remove?.() };
  install(given);
})();
