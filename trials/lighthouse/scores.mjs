// Scores pages with Lighthouse, as on a phone. Reads {chromium, options, pages: {name: {address, form}}} from standard
// input: where there is a `form`, the page scored is the one that this form of the address leads to, by POST. Writes a
// line {name, scores: {category: 0 to 100}, failed: {category: [audit]}} for each page as soon as it is done.

import { readFileSync } from "node:fs";
import { navigation } from "../../.cache/lighthouse/node_modules/lighthouse/core/index.js";
import { Fetcher } from "../../.cache/lighthouse/node_modules/lighthouse/core/gather/fetcher.js";
import puppeteer from "../../.cache/lighthouse/node_modules/puppeteer-core/lib/esm/puppeteer/puppeteer-core.js";

const { chromium, options, pages } = JSON.parse(readFileSync(0, "utf8"));
const RUNS = 3;
// Now and then, on a busy machine, Lighthouse misses the start of its own trace, which says nothing of the page.
const TRIES = 3;

// Lighthouse has the page itself fetch robots.txt. Our pages may fetch nothing (connect-src), so it would score that it
// found none. Its own service fetches it from outside too.
Fetcher.prototype.fetchResource = async (address) => {
  const answer = await fetch(address);
  return { status: answer.status, content: await answer.text() };
};

async function scored(browser, page) {
  for (let tried = 1; ; tried += 1) {
    const lhr = await lookedAt(browser, page);
    if (!lhr.runtimeError) {
      return lhr;
    }
    if (tried === TRIES) {
      throw new Error(`${page.address}: ${lhr.runtimeError.message}`);
    }
  }
}

// By a visitor who was never here. Lighthouse makes a phone of the page by itself.
async function lookedAt(browser, { address, form }) {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    let wanted = address;
    if (form) {
      await page.goto(address);
      wanted = () => page.$eval(`form[action^="${form}"]`, (sent) => sent.requestSubmit());
    }
    const { lhr } = await navigation(page, wanted, { flags: { logLevel: "error" } });
    return lhr;
  } finally {
    await context.close();
  }
}

// The run in the middle by its performance: on a busy machine that score varies. Two that agree need no third.
async function middle(browser, page) {
  const runs = [];
  const performance = (lhr) => lhr.categories.performance.score;
  while (runs.length < 2 || (runs.length < RUNS && performance(runs[0]) !== performance(runs[1]))) {
    runs.push(await scored(browser, page));
  }
  return runs.sort((a, b) => performance(a) - performance(b))[Math.floor((runs.length - 1) / 2)];
}

// An audit counts where it has a weight. One without a score does not apply to the page.
function failed(lhr, category) {
  const counting = category.auditRefs.filter(({ weight }) => weight > 0).map(({ id }) => lhr.audits[id]);
  const worse = counting.filter(({ score }) => score !== null && score < 1);
  return worse.map(({ id, displayValue }) => (displayValue ? `${id} (${displayValue})` : id));
}

const browser = await puppeteer.launch({ executablePath: chromium, args: options, headless: true });
try {
  for (const [name, page] of Object.entries(pages)) {
    const lhr = await middle(browser, page);
    const of = (say) => Object.fromEntries(Object.entries(lhr.categories).map(([key, found]) => [key, say(found)]));
    const scores = of((found) => Math.round(100 * found.score));
    console.log(JSON.stringify({ name, scores, failed: of((found) => failed(lhr, found)) }));
  }
} finally {
  await browser.close();
}
