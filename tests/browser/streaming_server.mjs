// A server that speaks HTTP/2, without which browsers do not stream requests. Arguments: certificate, key, script.
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";

const [, , cert, key, script] = process.argv;
const files = { "/": ["text/html", "<!doctype html><script src=/asayer-propagate.js></script>"] };
files["/asayer-propagate.js"] = ["text/javascript", readFileSync(script)];

const server = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) });
server.on("stream", async (stream, headers) => {
  const [type, text] = files[headers[":path"]] || ["application/json"];
  if (text) {
    stream.respond({ ":status": 200, "content-type": type });
    stream.end(text);
    return;
  }
  const pieces = [];
  stream.respond({ ":status": 200, "content-type": type });
  stream.on("error", () => {});
  for await (const piece of stream) pieces.push(piece.toString());
  stream.end(JSON.stringify({ pieces, id: headers["x-session-id"], length: headers["content-length"] }));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
