// The only two things that need JavaScript. Without it their buttons stay hidden and nothing is missing.
"use strict";

const print = document.getElementById("print");
const copy = document.getElementById("copy");

document.getElementById("print-item").hidden = false;
print.addEventListener("click", () => window.print());

if (navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    const text = document.getElementById("email-text");
    const said = document.getElementById("copied");
    said.textContent = "";
    try {
      await navigator.clipboard.writeText(text.value);
      said.textContent = copy.dataset.done;
    } catch {
      text.focus();
      text.select();
      said.textContent = copy.dataset.failed;
    }
  });
}
