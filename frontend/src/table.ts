/* <parvis-table>: sorting, paging and filtering replace the table alone, without a new page. Links and the form stay
   what they are, so that the address always says what is shown. */

class ParvisTable extends HTMLElement {
  private asked = new AbortController();

  connectedCallback(): void {
    this.addEventListener("click", (event) => {
      const link = (event.target as Element).closest<HTMLAnchorElement>("a[href^='?']");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      void this.show(new URL(link.href), link.dataset["key"] ?? "");
    });
    this.addEventListener("submit", (event) => {
      const form = event.target as HTMLFormElement;
      event.preventDefault();
      const address = new URL(window.location.href);
      address.search = "";
      for (const [name, value] of new FormData(form)) {
        if (typeof value === "string" && value) address.searchParams.set(name, value);
      }
      void this.show(address, "");
    });
  }

  private async show(address: URL, key: string): Promise<void> {
    address.hash = "";
    this.asked.abort(); // only the last question counts
    const asked = (this.asked = new AbortController());
    this.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { headers: { accept: "text/html" }, signal: asked.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("parvis-table");
      if (!answer.ok || !fresh) throw new Error("no table");
      this.replaceChildren(...fresh.childNodes);
      window.history.replaceState(null, "", address);
      if (key) this.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus();
      else this.querySelector<HTMLElement>("[data-found]")?.focus();
    } catch {
      if (!asked.signal.aborted) window.location.assign(address);
    } finally {
      if (asked === this.asked) this.removeAttribute("aria-busy");
    }
  }
}

customElements.define("parvis-table", ParvisTable);
