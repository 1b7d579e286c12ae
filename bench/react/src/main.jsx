// The actions of a session, live, as one writes it with React and SWR: what `cargo xtask bench page` compares with.
import { createRoot } from "react-dom/client";
import { SWRConfig } from "swr";

import "../../../static/freshet.css";
import { Actions } from "./actions.jsx";
import { read } from "./api.js";
import { Live } from "./live.jsx";

const session = location.pathname.split("/").at(-1);

createRoot(document.getElementById("root")).render(
  <SWRConfig value={{ fetcher: read, revalidateOnFocus: false }}>
    <Live />
    <main>
      <article className="session">
        <div className="columns">
          <Actions session={session} />
        </div>
      </article>
    </main>
  </SWRConfig>,
);
