// The server's REST API.

export const actionsOf = (session) => `/actions?coaching_session_id=${session}&sort_by=created_at&sort_order=asc`;

export const read = (path) => call("GET", path);

export const replace = ({ id, ...action }) => call("PUT", `/actions/${id}`, action);

export const remove = (id) => call("DELETE", `/actions/${id}`);

async function call(method, path, body) {
  const headers = body && { "content-type": "application/json" };
  const response = await fetch(`/api${path}`, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok) {
    throw new Error(`${method} ${path}: ${response.status}`);
  }
  return response.status === 204 ? null : (await response.json()).data;
}
