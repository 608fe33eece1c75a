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
