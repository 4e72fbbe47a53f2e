/** Registers `<rerun-viewer>`. */

import { RerunViewerElement } from "./rerun-viewer.js";

// Two apps on one page, each with its own version of these files: the first one serves both.
if (!customElements.get("rerun-viewer")) customElements.define("rerun-viewer", RerunViewerElement);
