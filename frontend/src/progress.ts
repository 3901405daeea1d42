/* <parvis-progress data-src>: asks how far a job is and goes on when it is done. Without scripts the page says to reload. */

interface Told {
  share: number;
  said: string;
  state: string;
  next: string;
}

class ParvisProgress extends HTMLElement {
  private timer = 0;

  connectedCallback(): void {
    this.querySelector("noscript")?.remove();
    void this.ask();
  }

  disconnectedCallback(): void {
    window.clearTimeout(this.timer);
  }

  private async ask(): Promise<void> {
    let wait = 700;
    try {
      const answer = await fetch(this.dataset["src"] ?? "", { headers: { accept: "application/json" } });
      if (answer.redirected) {
        window.location.reload(); // the session ended: the page itself asks to sign in again
        return;
      }
      const told = (await answer.json()) as Told;
      const bar = this.querySelector("progress");
      const said = this.querySelector("[data-said]");
      if (bar) bar.value = told.share;
      if (said && told.said && said.textContent !== told.said) said.textContent = told.said;
      if (told.state === "done" && told.next) {
        window.location.assign(told.next);
        return;
      }
    } catch {
      wait = 3000; // the network went away for a moment
    }
    this.timer = window.setTimeout(() => void this.ask(), wait);
  }
}

customElements.define("parvis-progress", ParvisProgress);
