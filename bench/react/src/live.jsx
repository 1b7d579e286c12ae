// What the server pushes: each event has what it concerns read again.
import { useEffect } from "react";
import { useSWRConfig } from "swr";

import { actionsOf } from "./api.js";

const EVENTS = ["action_created", "action_updated", "action_deleted"];

export function Live() {
  const { mutate } = useSWRConfig();
  useEffect(() => {
    const stream = new EventSource("/api/sse", { withCredentials: true });
    const changed = (event) => mutate(actionsOf(JSON.parse(event.data).data.coaching_session_id));
    for (const name of EVENTS) {
      stream.addEventListener(name, changed);
    }
    return () => stream.close();
  }, [mutate]);
  return null;
}
