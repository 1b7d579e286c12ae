// The actions of a session. A row renders again only when what it shows has changed.
import { memo, useCallback, useState } from "react";
import useSWR, { useSWRConfig } from "swr";

import { actionsOf, remove, replace } from "./api.js";

export function Actions({ session }) {
  const { data: actions, error } = useSWR(actionsOf(session));
  const { mutate } = useSWRConfig();
  const save = useCallback(
    async (action) => {
      await replace({ coaching_session_id: session, ...action });
      mutate(actionsOf(session));
    },
    [session, mutate],
  );
  const drop = useCallback(
    async (id) => {
      await remove(id);
      mutate(actionsOf(session));
    },
    [session, mutate],
  );
  return (
    <section className="card" aria-labelledby="card-actions">
      <h2 id="card-actions">
        Actions {actions?.length > 0 && <span className="count">{actions.length}</span>}
      </h2>
      {error && <p role="alert">{error.message}</p>}
      <ul className="items" data-testid="actions">
        {actions?.map(({ id, body, status, due_by }) => (
          <Row key={id} id={id} body={body} status={status} due={due_by} onSave={save} onDelete={drop} />
        ))}
      </ul>
    </section>
  );
}

const Row = memo(function Row({ id, body, status, due, onSave, onDelete }) {
  const [mode, setMode] = useState("resting");
  const rest = () => setMode("resting");
  const closed = status === "Completed" || status === "WontDo";
  const toggle = () => onSave({ id, body, status: closed ? "InProgress" : "Completed", due_by: due });
  if (mode === "editing") {
    const submit = (event) => {
      event.preventDefault();
      onSave({ id, body: event.target.elements.text.value, status, due_by: due });
      rest();
    };
    return (
      <li className="item editing" data-id={id}>
        <form className="edit" onSubmit={submit}>
          <textarea name="text" rows="1" aria-label="Edit action" defaultValue={body} />
          <span className="buttons">
            <button type="submit" className="primary">Save</button>
            <button type="button" onClick={rest}>Cancel</button>
          </span>
        </form>
      </li>
    );
  }
  return (
    <li className={closed ? "item closed" : "item"} data-id={id}>
      <input
        type="checkbox" className="tick" aria-label="Done" aria-describedby={`text-${id}`} checked={closed}
        onChange={toggle}
      />
      <div className="content">
        <p className="text" id={`text-${id}`}>{body}</p>
        <p className="details">
          {due && <span className="due">Due {new Date(due).toLocaleDateString()}</span>}
          <span>You</span>
        </p>
      </div>
      {mode === "deleting" ? (
        <span className="buttons">
          <button type="button" className="danger" onClick={() => onDelete(id)}>Confirm delete</button>
          <button type="button" onClick={rest}>Keep</button>
        </span>
      ) : (
        <span className="buttons quiet">
          <button type="button" className="plain" title="Edit" aria-label="Edit" onClick={() => setMode("editing")}>
            <Icon path="M4 20h4L20 8l-4-4L4 16z" />
          </button>
          <button type="button" className="plain" title="Delete" aria-label="Delete" onClick={() => setMode("deleting")}>
            <Icon path="M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13" />
          </button>
        </span>
      )}
    </li>
  );
});

const Icon = ({ path }) => (
  <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
    <path d={path} />
  </svg>
);
