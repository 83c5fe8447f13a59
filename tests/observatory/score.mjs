// Scores answers of a site with Mozilla's own scanner, which by itself takes no port, no POST and no error page.
// Reads {hostname, httpPort, httpsPort, requests: {name: {path, form, wanted, atOnce, preloaded}}} from standard input:
// `form` is posted, so often at once that one answer has the `wanted` status; `preloaded` makes believe that browsers
// know the name to speak HTTPS only. Writes {name: {status, score, tests}}.

import { readFileSync } from "node:fs";
import { hsts } from "../../.cache/observatory/package/src/analyzer/hsts.js";
import { ALL_TESTS } from "../../.cache/observatory/package/src/constants.js";
import { MINIMUM_SCORE_FOR_EXTRA_CREDIT } from "../../.cache/observatory/package/src/grader/charts.js";
import { getScoreModifier } from "../../.cache/observatory/package/src/grader/grader.js";
import { retrieve } from "../../.cache/observatory/package/src/retriever/retriever.js";

// As scanner/index.js adds up: points are taken off first, and bonuses count only for who has kept enough.
function graded(retrieved) {
  const outputs = ALL_TESTS.map((test) => test(retrieved));
  const points = outputs.map((output) => getScoreModifier(output.result));
  const kept = points.filter((point) => point < 0).reduce((sum, point) => sum + point, 100);
  const score = kept < MINIMUM_SCORE_FOR_EXTRA_CREDIT ? kept : points.reduce((sum, point) => sum + point, 100);
  const tests = Object.fromEntries(outputs.map((output, n) => [output.constructor.name, [output.result, points[n]]]));
  return { score, tests };
}

// The scanner's own client, with its cookie jar. What it retrieves of the page by GET gives way to what is posted.
async function posted(retrieved, url, { form, wanted, atOnce = 1 }) {
  const client = retrieved.session.clientInstanceRecordingRedirects;
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const answers = await Promise.all(Array.from({ length: atOnce }, () => client.post(url, form, { headers })));
  const answer = answers.find(({ status }) => status === wanted) ?? answers[0];
  const { verified } = retrieved.responses.https;
  retrieved.responses.https = retrieved.responses.auto = { ...answer, verified };
  retrieved.resources.path = answer.data;
}

async function scored({ hostname, httpPort, httpsPort }, request) {
  const path = request.path;
  const retrieved = await retrieve(hostname, { httpPort, httpsPort, path });
  if (request.form !== undefined) {
    await posted(retrieved, `https://${hostname}:${httpsPort}${path}`, request);
  }
  if (request.preloaded) {
    hsts().set(hostname, { mode: "force-https", includeSubDomains: true });
  }
  const result = { status: retrieved.responses.auto.status, ...graded(retrieved) };
  hsts().delete(hostname);
  return result;
}

const { requests, ...site } = JSON.parse(readFileSync(0, "utf8"));
const results = {};
for (const [name, request] of Object.entries(requests)) {
  results[name] = await scored(site, request);
}
console.log(JSON.stringify(results));
