/* <parvis-map data-src data-bbox data-tiles>: the map's own code is only fetched when somebody opens it. */

import { word } from "./words";

class ParvisMap extends HTMLElement {
  connectedCallback(): void {
    const button = this.querySelector("button");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => void this.open(button), { once: true });
  }

  private async open(button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    button.textContent = word("loading");
    try {
      const { draw } = await import("./map");
      const place = document.createElement("div");
      place.className = "map";
      place.setAttribute("role", "region");
      place.setAttribute("aria-label", word("mapLabel"));
      this.append(place);
      await draw(place, this.dataset);
      button.remove();
      place.querySelector<HTMLElement>("canvas")?.focus();
    } catch (error) {
      button.textContent = word("failed");
      console.error(error);
    }
  }
}

customElements.define("parvis-map", ParvisMap);
