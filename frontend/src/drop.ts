/* <parvis-drop>: files may be dropped anywhere on the form, their names are shown, and sending shows how far it is. */

import { word } from "./words";

class ParvisDrop extends HTMLElement {
  connectedCallback(): void {
    const form = this.querySelector("form");
    const input = this.querySelector<HTMLInputElement>("input[type=file]");
    const said = this.querySelector<HTMLElement>("[data-said]");
    if (!form || !input || !said) return;
    const tell = (): void => {
      const names = [...(input.files ?? [])].map((f) => f.name);
      said.textContent = names.length
        ? `${names.length} ${word(names.length > 1 ? "chosen" : "oneChosen")} : ${names.slice(0, 5).join(", ")}${names.length > 5 ? "…" : ""}`
        : "";
    };
    input.addEventListener("change", tell);
    for (const name of ["dragenter", "dragover"]) {
      this.addEventListener(name, (event) => {
        event.preventDefault();
        this.classList.add("over");
      });
    }
    for (const name of ["dragleave", "drop"]) this.addEventListener(name, () => this.classList.remove("over"));
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer?.files.length) {
        input.files = event.dataTransfer.files;
        tell();
      }
    });
    form.addEventListener("submit", (event) => this.send(event, form));
  }

  /* A file of hundreds of megabytes takes minutes: the bar says that it goes on. */
  private send(event: SubmitEvent, form: HTMLFormElement): void {
    const bar = this.querySelector<HTMLProgressElement>("progress");
    if (!bar) return;
    event.preventDefault();
    bar.hidden = false;
    bar.value = 0;
    const button = form.querySelector("button");
    if (button) button.disabled = true;
    bar.setAttribute("aria-label", word("sending"));
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.upload.addEventListener("progress", (told) => {
      if (told.lengthComputable) bar.value = told.loaded / told.total;
    });
    request.addEventListener("load", () => {
      if (request.status < 400) window.location.assign(request.responseURL);
      else this.refused(request.responseText, bar);
    });
    request.addEventListener("error", () => this.refused("", bar));
    request.send(new FormData(form));
  }

  /* The answer says what is wrong in a page of its own: its form takes the place of this one, and nothing is sent twice. */
  private refused(answer: string, bar: HTMLProgressElement): void {
    const fresh = new DOMParser().parseFromString(answer, "text/html").querySelector("parvis-drop [role=alert]");
    this.querySelector("[role=alert]")?.remove();
    const told = document.createElement("p");
    told.className = "errors";
    told.setAttribute("role", "alert");
    told.textContent = word("cut");
    bar.before(fresh ?? told);
    bar.hidden = true;
    const button = this.querySelector("button");
    if (button) button.disabled = false;
  }
}

customElements.define("parvis-drop", ParvisDrop);
