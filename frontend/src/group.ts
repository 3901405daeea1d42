/* <parvis-group>: the price of a size of group is shown while the slider moves, from what was tried on the table. */

class ParvisGroup extends HTMLElement {
  connectedCallback(): void {
    const slider = this.querySelector<HTMLInputElement>("input[type=range]");
    if (!slider) return;
    const steps = (slider.dataset.steps ?? "").split(",").map(Number);
    const tell = (): void => {
      const k = steps[Number(slider.value)] ?? 0;
      const shape = this.querySelector<HTMLInputElement>("input[type=radio]:checked")?.value ?? "";
      const output = this.querySelector("[data-k]");
      if (output) output.textContent = String(k);
      slider.setAttribute("aria-valuetext", String(k));
      const price = [...this.querySelectorAll<HTMLElement>("[data-price]")]
        .map((row) => (row.dataset.price ?? "").split(" "))
        .find(([size, form]) => Number(size) === k && form === shape);
      const meter = this.querySelector<HTMLMeterElement>("[data-kept]");
      const said = this.querySelector("[data-said]");
      if (!meter || !said) return;
      if (price) meter.value = Number(price[2]);
      said.textContent = price ? `${price[2]} %` : "…";
    };
    this.addEventListener("input", tell);
  }
}

customElements.define("parvis-group", ParvisGroup);
