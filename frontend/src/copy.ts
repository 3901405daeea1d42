/* <parvis-copy>: a button that copies the code beside it. */

import { word } from "./words";

class ParvisCopy extends HTMLElement {
  connectedCallback(): void {
    if (!navigator.clipboard || this.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small quiet";
    button.textContent = word("copy");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(this.querySelector("code")?.textContent ?? "");
      button.textContent = word("copied");
      window.setTimeout(() => (button.textContent = word("copy")), 2000);
    });
    this.append(button);
  }
}

customElements.define("parvis-copy", ParvisCopy);
