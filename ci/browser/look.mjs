// What the check `browser` does: opens each page of the built book in Chromium, in a light theme on a screen and in a dark
// one on a phone, with all folds open, and prints what is wrong as JSON.
// Printed by `node look.mjs CHROMIUM FOLDER page.html...` is [["page.html", "words of it", "what is wrong near them"], ...].
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [executablePath, folder, ...pages] = process.argv.slice(2);
const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

// The rules of WCAG 2, levels A and AA, and those that axe calls best practice.
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// What mdBook puts around each page is mdBook's.
const NOT_OURS = ["#mdbook-sidebar", "#mdbook-menu-bar", ".nav-wrapper", ".nav-wide-wrapper", "#mdbook-help-container"];

// Runs in the page, and gives what is wrong with it, and near which words.
async function lookAround([rules, exclude]) {
    const found = [];
    const find = (element, message) => {
        const caption = element?.closest("figure.listing")?.querySelector(".caption");
        const text = (caption ?? element)?.innerText || element?.closest("tr, p, figure")?.innerText || "";
        found.push({ near: text.trim().split(/[\n\t]/)[0], message });
    };

    const edge = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll("main *")].find(element =>
        element.getBoundingClientRect().right > edge + 1 && !element.closest("pre, .table-wrapper"));
    if (wide || document.scrollingElement.scrollWidth > edge) find(wide, "the page is wider than the window");

    for (const figure of document.querySelectorAll("figure.listing")) {
        const lines = [...figure.querySelectorAll(".line:not(.boring)")];
        const hasBar = line => {
            const { content, display, borderInlineStartWidth } = getComputedStyle(line, "::before");
            return content !== "none" && display !== "none" && parseFloat(borderInlineStartWidth) > 0;
        };
        if (lines.some(line => hasBar(line) !== (line.localName === "ins"))) {
            find(figure, "a line is new and has no bar beside it, or has one and is not new");
        }
        // The text on the clipboard is the one in a field that mdBook's button selects.
        let copy = "";
        document.execCommand = () => (copy = [...document.querySelectorAll("textarea")].at(-1)?.value ?? "");
        figure.querySelector("button.clip-button")?.click();
        if (copy.trimEnd() !== lines.map(line => line.textContent).join("").trimEnd()) {
            find(figure, `the button copies something else than the lines of this block: ${JSON.stringify(copy)}`);
        }
    }

    // axe looks at each element. Hidden lines and whole files are most of a page, and all alike: the first stand for all.
    const others = selector => [...document.querySelectorAll(selector)].slice(1);
    others("figure.listing:has(.boring)").flatMap(it => [...it.querySelectorAll(".boring")]).forEach(it => it.remove());
    others("details.whole code").forEach(code => (code.textContent = ""));
    // What the buttons leave behind: their fields, and a page that has been scrolled, below the bar with the menu.
    document.querySelectorAll("body > textarea").forEach(field => field.remove());
    scrollTo({ top: 0, behavior: "instant" });
    const { violations } = await axe.run({ exclude }, { runOnly: rules, resultTypes: ["violations"] });
    for (const { id, help, nodes } of violations) {
        const [target] = nodes[0].target.flat();
        find(document.querySelector(target), `${help} (rule ${id} of axe, ${nodes.length} times, the first at ${target})`);
    }
    return found;
}

const findings = {};

async function look(browser, theme, width) {
    const context = await browser.newContext({ reducedMotion: "reduce", viewport: { width, height: 900 } });
    await context.addInitScript(theme => localStorage.setItem("mdbook-theme", theme), theme);
    // No server: what is asked for is read from the folder, and nothing else is there.
    await context.route("**", route => {
        const { hostname, pathname } = new URL(route.request().url());
        const path = join(folder, decodeURIComponent(pathname));
        return hostname === "localhost" && existsSync(path) ? route.fulfill({ path }) : route.abort();
    });
    const tab = await context.newPage();
    for (const page of pages) {
        await tab.goto(`http://localhost/${page}`);
        await tab.addScriptTag({ path: axePath });
        await tab.evaluate(() => document.querySelectorAll("main details").forEach(fold => fold.open = true));
        const found = await tab.evaluate(lookAround, [RULES, NOT_OURS.map(selector => [selector])]);
        for (const { near, message } of found) {
            findings[page + near + message] ??= [page, near, `${message}, in the theme ${theme} at ${width} px`];
        }
    }
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
await Promise.all([look(browser, "light", 1280), look(browser, "navy", 390)]).finally(() => browser.close());
console.log(JSON.stringify(Object.values(findings)));
