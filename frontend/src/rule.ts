/* <parvis-rule>: what a treatment asks is shown as soon as it is chosen, before anything is sent. */

class ParvisRule extends HTMLElement {
  connectedCallback(): void {
    const choice = this.querySelector("select");
    choice?.addEventListener("change", () => {
      for (const asked of this.querySelectorAll<HTMLElement>("[data-for]")) asked.hidden = asked.dataset.for !== choice.value;
    });
  }
}

customElements.define("parvis-rule", ParvisRule);
