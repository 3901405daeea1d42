/* <parvis-map data-src data-bbox data-tiles>: the map's own code is only fetched when somebody opens it. */

import { word } from "./words";

class ParvisMap extends HTMLElement {
  connectedCallback(): void {
    const button = this.querySelector("button");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => void this.open(button));
  }

  private async open(button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    button.textContent = word("loading");
    const said = this.querySelector<HTMLElement>("[data-said]");
    const place = document.createElement("div");
    try {
      const { draw } = await import("./map");
      place.className = "map";
      place.setAttribute("role", "region");
      place.setAttribute("aria-label", word("mapLabel"));
      this.append(place);
      const note = document.createElement("p");
      note.className = "meta";
      note.setAttribute("role", "status");
      this.append(note);
      await draw(place, this.dataset, (text) => (note.textContent = text), word("some"));
      place.querySelector<HTMLElement>("canvas")?.focus();
    } catch (error) {
      place.remove();
      button.disabled = false;
      button.textContent = word("again");
      if (said) said.textContent = word("failed");
      console.warn(error);
    }
  }
}

customElements.define("parvis-map", ParvisMap);
