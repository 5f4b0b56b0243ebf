// Scores pages of a Suwen server with Lighthouse in a headless Chromium: speed, accessibility, good practice.
// Standard input: a line of JSON {origin, key, chromium, categories, sessions: {name: cookie},
// pages: [{name, path, session, lang, presets, runs, fill, press}]}. With `fill` ({selector: text}) and `press` (a
// selector) the page scored is what a form answers. Cookies come this way: other users of a machine can read arguments.
// Prints {lighthouse, benchmark_index, pages, unscored: {page: reason}}. Each page has scores from 0 to 100 and metrics,
// medians of its runs (of two the worse), `spread` (performance of all), `failed` (what took from a score), `advised`.
import { readFileSync } from 'node:fs';
import { launch } from 'chrome-launcher';
import { desktopConfig, navigation } from 'lighthouse';
import puppeteer from 'puppeteer-core';

const asked = JSON.parse(readFileSync(0, 'utf8'));
const categories = asked.categories ?? ['performance', 'accessibility', 'best-practices'];
const METRICS = {
  fcp_ms: 'first-contentful-paint',
  lcp_ms: 'largest-contentful-paint',
  tbt_ms: 'total-blocking-time',
  cls: 'cumulative-layout-shift',
  bytes: 'total-byte-weight',
};

const chrome = await launch({
  chromePath: asked.chromium,
  logLevel: 'silent',
  chromeFlags: [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost', // nothing beyond this machine is even looked up
    `--ignore-certificate-errors-spki-list=${asked.key}`, // this one self-signed certificate and no other
  ],
});

const browser = await puppeteer.connect({ browserURL: `http://127.0.0.1:${chrome.port}`, defaultViewport: null });

// Where speed is not asked for, a page is looked at as soon as it is loaded and its first parts have come.
const QUICK = { pauseAfterFcpMs: 0, pauseAfterLoadMs: 0, networkQuietThresholdMs: 300, cpuQuietThresholdMs: 0 };

function settingsOf(page, preset) {
  const base = preset === 'desktop' ? desktopConfig : { extends: 'lighthouse:default' };
  const waits = categories.includes('performance') ? {} : QUICK;
  return { ...base, settings: { ...base.settings, ...waits, onlyCategories: categories, disableFullPageScreenshot: true } };
}

// A browser of its own, with nobody's cookies but a session's, and a form filled in where the page is what it answers.
async function opened(context, page) {
  const tab = await context.newPage();
  await tab.setExtraHTTPHeaders({ 'Accept-Language': page.lang });
  if (page.session) {
    const [name, value] = asked.sessions[page.session].split('=');
    const held = { secure: true, httpOnly: true, sameSite: 'Strict' };
    await tab.setCookie({ name, value, url: asked.origin, ...held });
  }
  if (page.press) {
    await tab.setJavaScriptEnabled(false); // the whole page is answered, as to a browser without scripts
    await tab.goto(asked.origin + page.path);
    for (const [selector, text] of Object.entries(page.fill ?? {})) {
      await tab.type(selector, text);
    }
    await tab.setJavaScriptEnabled(true);
  }
  return tab;
}

// On a busy machine a recording can miss its own beginning: that is tried again, and told when it happens thrice.
async function scored(page, preset, tries = 3) {
  const context = await browser.createBrowserContext();
  const tab = await opened(context, page);
  const sought = page.press ? () => tab.click(page.press) : asked.origin + page.path;
  const { lhr } = await navigation(tab, sought, { config: settingsOf(page, preset) });
  await context.close();
  if (lhr.runtimeError && tries > 1) {
    return scored(page, preset, tries - 1);
  }
  if (lhr.runtimeError) {
    throw new Error(`${page.name}: ${lhr.runtimeError.code} ${lhr.runtimeError.message}`);
  }
  if (!lhr.finalDisplayedUrl.startsWith(asked.origin + page.path)) {
    throw new Error(`${page.name}: the server led elsewhere, to ${new URL(lhr.finalDisplayedUrl).pathname}`);
  }
  return lhr;
}

// An element says where the fault is; nothing else of a page is told.
function places(audit) {
  const items = audit.details?.items;
  return (Array.isArray(items) ? items : []).slice(0, 5).map((one) => one.node?.snippet ?? one.node?.selector ?? one.url ?? one.description ?? '');
}

// What took from a score, and by name what is only advised.
function wanting(lhr) {
  const failed = {};
  const advised = new Set();
  for (const category of Object.values(lhr.categories)) {
    for (const { id, weight } of category.auditRefs) {
      const audit = lhr.audits[id];
      const told = ['manual', 'notApplicable', 'informative'].includes(audit.scoreDisplayMode);
      if (told || audit.score === null || audit.score >= 0.9) {
        continue;
      }
      if (weight > 0 || category.id === 'accessibility') {
        failed[id] = { score: audit.score, shown: audit.displayValue ?? audit.title, places: places(audit) };
      } else {
        advised.add(id);
      }
    }
  }
  return { failed, advised: [...advised] };
}

function median(values) {
  const sorted = values.filter((one) => one !== undefined).toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

function summed(page, preset, runs) {
  const scores = {};
  for (const category of categories) {
    scores[category] = median(runs.map((lhr) => Math.round(100 * lhr.categories[category].score)));
  }
  const metrics = {};
  for (const [name, audit] of Object.entries(METRICS)) {
    metrics[name] = median(runs.map((lhr) => lhr.audits[audit]?.numericValue));
  }
  const spread = runs.map((lhr) => Math.round(100 * (lhr.categories.performance?.score ?? 0)));
  return { name: page.name, lang: page.lang, preset, ...scores, spread, metrics, ...wanting(runs[0]) };
}

const pages = [];
const unscored = {};
const speeds = [];
let version = '';
try {
  for (const page of asked.pages) {
    for (const preset of page.presets) {
      try {
        const runs = [];
        for (let run = 0; run < (page.runs ?? 1); run += 1) {
          runs.push(await scored(page, preset));
        }
        version = runs[0].lighthouseVersion;
        speeds.push(...runs.map((lhr) => lhr.environment.benchmarkIndex));
        pages.push(summed(page, preset, runs));
      } catch (error) {
        unscored[`${page.name} ${page.lang} ${preset}`] = error.message; // the others are scored all the same
      }
    }
  }
} finally {
  await browser.disconnect();
  chrome.kill();
}
console.log(JSON.stringify({ lighthouse: version, benchmark_index: median(speeds), pages, unscored }));
