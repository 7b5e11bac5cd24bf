// A person's way through the console, in a real browser: with script or without, in light and dark, on a phone and on a desk.
//
// CONSOLE: where it is. CHROMIUM: the browser. SCRIPT: on or off. SHOTS: where pictures for the documentation go, if anywhere.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.env.NODE_MODULES, "x"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const { CONSOLE: origin, CHROMIUM: executablePath, PASSWORD: password, SHOTS: shots } = process.env;
const script = process.env.SCRIPT === "on";
const phone = { width: 360, height: 740 };
const desk = { width: 1440, height: 900 };

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const faults = [];

// A browser window in which nothing goes wrong unnoticed.
async function open(options) {
  const context = await browser.newContext({ javaScriptEnabled: script, acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`${page.url()}: ${error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith("data:")) faults.push(`asked ${request.url()}`);
  });
  return page;
}

async function signIn(page, name) {
  await page.goto(`${origin}/console`);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/console\/1\//);
}

// Nothing sticks out sideways, and axe finds nothing. It is brought in past the page's policy, as an extension is.
async function look(page, what) {
  const wide = page.viewportSize().width;
  const box = await page.locator("html").boundingBox();
  if (script) {
    const scroll = await page.evaluate(() => document.documentElement.scrollWidth);
    if (scroll > wide) faults.push(`${what} is ${scroll} wide in a window of ${wide}`);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run(document));
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
    faults.push(...found.map((violation) => `${what}: ${violation}`));
  } else {
    assert.ok(box.width <= wide, `${what} is ${box.width} wide`);
  }
}

async function shoot(page, name) {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`) });
}

async function see(page, text) {
  await page.getByText(text).first().waitFor({ timeout: 10_000 });
}

// Everything that is only looked at.
async function walk(size, colorScheme) {
  const page = await open({ viewport: size, colorScheme });
  await page.goto(`${origin}/console/sign-in`);
  await look(page, "sign-in");
  await signIn(page, "olga");
  await page.goto(`${origin}/console/1/test`);
  const sections = await page.locator("nav.sections a").evaluateAll((links) => links.map((link) => link.href));
  const paths = [...sections];
  paths.push(`${origin}/console/1/test/payments/1`, `${origin}/console/1/test/affiliates/1`, `${origin}/console/1/test/customers/1`);
  paths.push(`${origin}/console/1/test/payouts/plan`, `${origin}/console/1/test/events/1`, `${origin}/console/1/test/nowhere`);
  for (const path of paths) {
    await page.goto(path);
    await look(page, `${colorScheme} ${size.width} ${path}`);
  }
  // A page that is not there is a 404, which the browser reports as an error.
  faults.splice(0, faults.length, ...faults.filter((fault) => !/nowhere.*404/.test(fault)));
  await page.context().close();
}

// What finance and support do on a day.
async function work() {
  const page = await open({ viewport: desk, colorScheme: "light" });
  await signIn(page, "olga");
  await page.goto(`${origin}/console/1/test`);
  await see(page, "settled in the last hour");
  // The demo's history is of one time: in a year there is none left to be drawn.
  if (script && (await page.locator(".chart").count()) > 0) await page.locator(".chart canvas").first().waitFor();
  await shoot(page, "overview");

  // A payment, its explanation, a decision.
  await page.getByRole("link", { name: "Payments", exact: true }).click();
  await page.getByLabel("Status").selectOption("attributed");
  await page.getByRole("button", { name: "Find" }).click();
  await page.locator("td.id a").first().click();
  await page.locator(".picture svg").waitFor();
  await see(page, "Owed now");
  await shoot(page, "payment");
  await page.locator("#reason-hold").fill("the card may be stolen");
  await page.getByRole("button", { name: "Hold the commission" }).click();
  await see(page, "The commission is held.");
  await see(page, "the card may be stolen");
  await page.locator("#reason-release").fill("the customer called");
  await page.getByRole("button", { name: "Release the commission" }).click();
  await see(page, "The commission is released.");

  // A payout.
  await page.getByRole("link", { name: "Payouts", exact: true }).click();
  await page.getByRole("link", { name: "What is due now" }).click();
  await see(page, "What would be paid");
  await shoot(page, "due");
  await page.locator("#key").fill("2026-06");
  await page.getByRole("button", { name: "Freeze" }).click();
  await see(page, "The payouts below were made");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
  assert.match(readFileSync(await download.path(), "utf8"), /anna@studio\.example/);
  await page.locator("#reference").fill("BANK-4711");
  await page.getByRole("button", { name: "Mark as paid" }).click();
  await see(page, "It is marked as paid.");
  await shoot(page, "paid");

  // A dead letter, retried after a look at all that fit.
  await page.getByRole("link", { name: "Dead letters", exact: true }).click();
  await see(page, "the currency is unknown");
  await shoot(page, "dead-letters");
  await page.getByRole("button", { name: /Retry all 1/ }).click();
  await see(page, "Retry 1 dead letters");
  await page.getByRole("button", { name: "Retry all 1" }).click();
  await see(page, "They are on the queue again.");

  // Out, and not in again by going back.
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Password").waitFor();
  await page.goto(`${origin}/console/1/test/payments`);
  await page.getByLabel("Password").waitFor();
  await page.context().close();
}

// What developers and operators do: rules, proof, notifications, keys, queues.
async function operate(size, colorScheme, commission) {
  const page = await open({ viewport: size, colorScheme });
  const at = (path) => page.goto(`${origin}/console/1/test${path}`);
  const looked = (what) => look(page, `${colorScheme} ${size.width} ${what}`);
  const press = (name) => page.getByRole("button", { name, exact: true }).click();
  await signIn(page, "olga");

  // Rules are tried on history before they are kept.
  await at("/rules");
  await page.locator("#rules").fill(JSON.stringify({ commission }));
  await press("Try on history");
  await see(page, "Would have earned");
  await looked("rules tried");
  await page.getByRole("button", { name: "Keep these rules" }).click();
  await see(page, "The rules are kept.");
  await looked("rules kept");

  // The ledger is checked, and the check is on record.
  await at("/proof");
  await press("Check now");
  await see(page, "Result: every rule holds");
  await looked("proof");
  await at("/proof");
  await see(page, "every rule holds");

  // An endpoint: made, tested at an address that takes nothing, paused, enabled, with a new secret, deleted.
  await at("/notifications");
  await page.locator("#url").fill(`${origin}/nobody-listens`);
  await page.locator("#events").fill("payout_paid");
  await press("Make an endpoint");
  await see(page, "It is shown this once.");
  await looked("secret of an endpoint");
  await page.getByRole("link", { name: "To the endpoint" }).click();
  await press("Test");
  await see(page, "The endpoint did not take it");
  await looked("endpoint tested");
  await page.getByRole("link", { name: "To the endpoint" }).click();
  await press("Pause");
  await see(page, "Nothing is sent to it until it is enabled.");
  await press("Enable");
  await see(page, "It is sent to again.");
  await looked("endpoint");
  await press("New secret");
  await see(page, "It is shown this once.");
  await page.getByRole("link", { name: "To the endpoint" }).click();
  await press("Delete");
  await see(page, "The endpoint is deleted.");

  // A key: shown once, then revoked.
  await at("/keys");
  await page.locator("#name").fill("bookkeeping");
  await page.locator("#role").selectOption("finance");
  await press("Make a key");
  await see(page, "It is shown this once.");
  await looked("a new key");
  const secret = await page.locator("pre").textContent();
  await page.getByRole("link", { name: "To the keys" }).click();
  await page.getByRole("button", { name: `Revoke ${secret.slice(0, 8)}` }).first().click();
  await see(page, "The key is revoked.");
  await looked("keys");

  // Who works, and what is wrong; an event's way; all of it on record.
  await at("/queues");
  await page.getByText("works", { exact: true }).waitFor({ timeout: 20_000 });
  await at("/doctor");
  await see(page, "the database has this version");
  await at("/decisions");
  await see(page, "API key revoked");
  await looked("acts");
  await page.context().close();
}

// The page of the REST API, and the page where there is nothing: neither needs script or a sign-in.
async function read(size, colorScheme) {
  const page = await open({ viewport: size, colorScheme });
  await page.goto(`${origin}/docs#create_affiliate`);
  await page.locator("#create_affiliate pre").getByText("curl -X POST").waitFor();
  await look(page, `${colorScheme} ${size.width} /docs`);
  await page.locator("#create_affiliate").getByRole("link", { name: "PostAffiliate" }).first().click();
  assert.ok(page.url().endsWith("#schema-PostAffiliate"), page.url());
  await page.goto(`${origin}/`);
  await look(page, `${colorScheme} ${size.width} /`);
  await page.context().close();
}

try {
  await walk(desk, "light");
  if (script) {
    await walk(desk, "dark");
    await walk(phone, "light");
    await walk(phone, "dark");
  }
  await work();
  await operate(desk, "light", "25%");
  await read(desk, "light");
  if (script) {
    await operate(phone, "dark", "20%");
    await read(phone, "dark");
  }
  assert.deepEqual(faults, []);
  console.log(`the journey was made with script ${process.env.SCRIPT}`);
} finally {
  await browser.close();
}
