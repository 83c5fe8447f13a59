// The only two things that need JavaScript. Without it their buttons stay hidden and nothing is missing.
"use strict";

const print = document.getElementById("print");
const copy = document.getElementById("copy");

document.getElementById("print-item").hidden = false;
print.addEventListener("click", () => window.print());

if (navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById("email-text").value);
    document.getElementById("copied").textContent = copy.dataset.done;
  });
}
