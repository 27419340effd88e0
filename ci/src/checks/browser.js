// What the check `browser` does in the browser. It opens each page of the built book in a frame, once as it is and once
// with no JavaScript, and tells what is wrong with it, and what its blocks show and copy.
"use strict";

const THEMES = ["light", "rust", "coal", "navy", "ayu"];
// A screen, a phone, and a screen enlarged four times.
const WIDTHS = [1280, 390, 320];
const TEXT = 4.5;
const MARK = 3;

const answer = { findings: [], figures: [] };

// ---- What is told. A finding of the style is told once, whatever shows it.

const told = new Set();

function tell(page, figure, message) {
    answer.findings.push({ page, figure, message });
}

function tellOfStyle(message, example) {
    if (!told.has(message)) {
        told.add(message);
        answer.findings.push({ page: null, figure: null, message: `${message}, for one ${example}` });
    }
}

// ---- Frames.

function open(page, attributes = {}) {
    const frame = document.createElement("iframe");
    for (const [name, value] of Object.entries(attributes)) {
        frame.setAttribute(name, value);
    }
    frame.style = `width: ${WIDTHS[0]}px; height: 900px; border: 0`;
    const loaded = new Promise(resolve => frame.addEventListener("load", () => resolve(frame), { once: true }));
    frame.src = page;
    document.body.append(frame);
    return loaded;
}

// What moves has arrived: nothing here waits for a clock.
function settle(document) {
    document.documentElement.getBoundingClientRect();
    document.getAnimations().forEach(animation => animation.finish());
}

// Opens the folds: what is in a closed one is not there for anybody.
function unfold(document) {
    document.querySelectorAll("main details").forEach(details => details.open = true);
}

// Takes another theme, as a reader does. A style that it brings along is there when it has been loaded.
async function turnTo(theme, document) {
    document.getElementById(`mdbook-theme-${theme}`).click();
    const styles = [...document.querySelectorAll("link[rel=stylesheet]")].filter(link => !link.disabled && !link.sheet);
    await Promise.all(styles.map(link => new Promise(resolve => {
        link.addEventListener("load", resolve, { once: true });
        link.addEventListener("error", resolve, { once: true });
    })));
    settle(document);
}

const listings = document => [...document.querySelectorAll("main figure.listing")];

// ---- Contrast, as WCAG defines it, of what is visible.

const parts = colour => {
    const numbers = colour.match(/[\d.]+(e-?\d+)?/g).map(Number);
    const scale = colour.startsWith("color(") ? 255 : 1;
    return [...numbers.slice(0, 3).map(number => number * scale), numbers[3] ?? 1];
};

const over = (above, below) => [0, 1, 2].map(i => above[i] * above[3] + below[i] * (1 - above[3])).concat(1);

function luminance(colour) {
    const [red, green, blue] = colour.slice(0, 3).map(part => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function ratio(one, other) {
    const [dark, bright] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
}

class Contrast {
    constructor(window, theme, page) {
        Object.assign(this, { window, theme, page, grounds: new Map(), kinds: new Map(), seen: new Set() });
    }

    // What the styles of an element in a block go by: its names, and those of all that it stands in there.
    kind(element) {
        if (element === null || element.localName === "pre") {
            return element && "pre";
        }
        if (!this.kinds.has(element)) {
            const around = this.kind(element.parentElement);
            const names = `${element.localName}.${element.getAttribute("class")}${"gone" in element.dataset ? "[gone]" : ""}`;
            this.kinds.set(element, around && `${around} ${names}`);
        }
        return this.kinds.get(element);
    }

    // Whether the same was looked at before: blocks have thousands of elements, of a few kinds.
    isKnown(element, what) {
        const kind = this.kind(element);
        return kind !== null && this.seen.has(kind + what);
    }

    know(element, what) {
        this.seen.add(this.kind(element) + what);
    }

    // The colour behind an element, and how opaque it is: both come from all that it stands in.
    ground(element) {
        if (element === null) {
            return { colour: [255, 255, 255, 1], opacity: 1 };
        }
        if (!this.grounds.has(element)) {
            const style = this.window.getComputedStyle(element);
            const around = this.ground(element.parentElement);
            this.grounds.set(element, {
                colour: over(parts(style.backgroundColor), around.colour),
                opacity: around.opacity * style.opacity,
            });
        }
        return this.grounds.get(element);
    }

    expect(least, element, colour, what, ground = this.ground(element).colour, opacity = 1) {
        const [red, green, blue, alpha] = parts(colour);
        const shown = over([red, green, blue, alpha * this.ground(element).opacity * opacity], ground);
        const found = ratio(shown, ground);
        if (!(found >= least)) {
            const where = [...element.classList].map(name => `.${name}`).join("") || `<${element.localName}>`;
            tellOfStyle(
                `in the theme ${this.theme}, the contrast of ${what} of ${where} is ${found.toFixed(2)}, where ${least} is the least`,
                `in ${this.page}: ${element.textContent.trim().slice(0, 40)}`,
            );
        }
    }

    text(node) {
        const element = node.parentElement;
        if (node.data.trim() === "" || this.isKnown(element, "text")) {
            return;
        }
        const range = element.ownerDocument.createRange();
        range.selectNodeContents(node);
        const style = this.window.getComputedStyle(element);
        const hidden = style.visibility === "hidden" || this.ground(element).opacity === 0;
        if (hidden || range.getClientRects().length === 0) {
            return;
        }
        this.know(element, "text");
        const picture = element.ownerSVGElement;
        if (picture) {
            this.expect(TEXT, element, style.fill, "the text", this.behind(picture, element, range));
        } else {
            this.expect(TEXT, element, style.color, "the text");
        }
    }

    // The colour behind a text of a picture: that of the last shape that was painted where it stands.
    behind(picture, element, range) {
        const { left, top, width, height } = range.getBoundingClientRect();
        let colour = this.ground(picture).colour;
        for (const shape of picture.querySelectorAll("rect, circle, ellipse, path, polygon")) {
            const box = shape.getBoundingClientRect();
            const [x, y] = [left + width / 2, top + height / 2];
            const under = shape.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
            const { fill, fillOpacity } = this.window.getComputedStyle(shape);
            // Neither `none` nor a pattern, which has no one colour.
            const isColour = /^(rgb|color)/.test(fill);
            if (under && isColour && box.left < x && x < box.right && box.top < y && y < box.bottom) {
                const [red, green, blue, alpha] = parts(fill);
                colour = over([red, green, blue, alpha * fillOpacity * this.ground(shape).opacity], colour);
            }
        }
        return colour;
    }

    // What a style puts in front of or behind an element: a text, a mark, or a picture, which has its own colours.
    generated(element, place) {
        if (this.isKnown(element, place) || element.getClientRects().length === 0) {
            return;
        }
        this.know(element, place);
        const style = this.window.getComputedStyle(element, place);
        if (["none", "normal"].includes(style.content)) {
            return;
        }
        if (!/^(""|url\()/.test(style.content)) {
            this.expect(TEXT, element, style.color, `the ${place} text`, undefined, style.opacity);
        }
        if (parseFloat(style.borderInlineStartWidth) > 0) {
            this.expect(MARK, element, style.borderInlineStartColor, "the mark", undefined, style.opacity);
        }
    }

    look() {
        const { document } = this.window;
        const main = document.querySelector("main");
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, node =>
            node.parentElement.closest("script, style, noscript") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
        while (texts.nextNode()) {
            this.text(texts.currentNode);
        }
        for (const element of main.querySelectorAll("*")) {
            this.generated(element, "::before");
            this.generated(element, "::after");
        }
        for (const label of main.querySelectorAll(".label")) {
            this.expect(MARK, label, this.window.getComputedStyle(label).borderInlineStartColor, "the frame");
        }
    }
}

// ---- What is looked at.

// A bar stands beside its line, and the line begins where lines begin.
function lookAtMarks(page, window, figure, index, when) {
    const code = figure.querySelector("pre > code");
    const box = code.getBoundingClientRect();
    const start = box.left + parseFloat(window.getComputedStyle(code).paddingInlineStart);
    for (const line of figure.querySelectorAll("ins.line")) {
        const [text] = line.getClientRects();
        if (!text) {
            continue;
        }
        const bar = window.getComputedStyle(line, "::before");
        const middle = box.top + parseFloat(bar.top) + parseFloat(bar.height) / 2;
        const right = box.left + parseFloat(bar.left) + parseFloat(bar.borderInlineStartWidth);
        const beside = text.top < middle && middle < text.bottom && box.left <= right && right < text.left;
        if (!beside || Math.abs(text.left - start) > 1) {
            tell(page, index, `the mark is not beside its line, ${when}: ${line.textContent.trim()}`);
            return;
        }
    }
}

// What the button puts on the clipboard: the library behind it selects a field that holds it.
function copied(document, figure) {
    const button = figure.querySelector("button.clip-button");
    let text = null;
    document.execCommand = () => {
        text = [...document.querySelectorAll("textarea")].at(-1)?.value ?? null;
        return true;
    };
    button?.click();
    delete document.execCommand;
    return text;
}

function lookAtWidths(page, frame, when) {
    const { document } = frame.contentWindow;
    for (const width of WIDTHS) {
        frame.style.width = `${width}px`;
        settle(document);
        const edge = document.scrollingElement.clientWidth;
        const scrolls = [document.scrollingElement, document.querySelector("#mdbook-content"), document.querySelector("main")]
            .some(element => element.scrollWidth > element.clientWidth);
        const out = [...document.querySelectorAll("main *")]
            .find(element => element.getBoundingClientRect().right > edge + 1 && !element.closest("pre, .table-wrapper"));
        if (scrolls || out) {
            const what = out ? `: ${out.localName} ${out.textContent.trim().slice(0, 40)}` : "";
            tell(page, null, `the page is wider than a window of ${width} px, ${when}${what}`);
        }
    }
    frame.style.width = `${WIDTHS[0]}px`;
}

// Whoever has a keyboard sees where they are, and the buttons of the block that they are in.
function lookAtFocus(page, window) {
    const { document } = window;
    for (const selector of ["figure.listing > figcaption a", "figure.listing button", "main summary"]) {
        const element = document.querySelector(selector);
        if (!element) {
            continue;
        }
        element.focus({ focusVisible: true });
        settle(document);
        const style = window.getComputedStyle(element);
        const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
        const buttons = element.closest(".buttons");
        if (!seen || (buttons && window.getComputedStyle(buttons).opacity !== "1")) {
            tellOfStyle(`nobody sees that ${selector} has the focus`, `in ${page}`);
        }
        element.blur();
    }
}

function colours(window) {
    const { document } = window;
    const mark = document.querySelector("figure.listing ins.line");
    const pictures = [...document.querySelectorAll("main figure:not(.listing) svg")].map(picture =>
        [...picture.querySelectorAll("*")].map(shape => {
            const { fill, stroke } = window.getComputedStyle(shape);
            return [fill, stroke];
        }).join());
    return { mark: mark && window.getComputedStyle(mark, "::before").borderInlineStartColor, pictures };
}

async function lookAtThemes(page, window) {
    const { document } = window;
    const found = {};
    for (const theme of THEMES) {
        await turnTo(theme, document);
        found[theme] = colours(window);
        new Contrast(window, theme, page).look();
    }
    const { light, navy } = found;
    if (light.mark && light.mark === navy.mark) {
        tellOfStyle("the marks keep their colour when the theme changes", `in ${page}`);
    }
    light.pictures.forEach((picture, index) => {
        if (picture === navy.pictures[index]) {
            tell(page, null, `picture ${index + 1} of the page keeps its colours when the theme changes`);
        }
    });
}

async function lookAsItIs(page) {
    localStorage.setItem("mdbook-theme", "light");
    localStorage.setItem("mdbook-sidebar", "hidden");
    const frame = await open(page);
    const window = frame.contentWindow;
    const { document } = window;
    await document.fonts.ready;
    unfold(document);
    const figures = listings(document);
    const lines = figures.map(figure => figure.querySelectorAll(".line").length);
    figures.forEach((figure, index) => lookAtMarks(page, window, figure, index, "hidden lines closed"));
    const visible = figures.map(figure => copied(document, figure));
    lookAtWidths(page, frame, "hidden lines closed");
    lookAtFocus(page, window);

    document.querySelectorAll("main button[title='Show hidden lines']").forEach(button => button.click());
    figures.forEach((figure, index) => lookAtMarks(page, window, figure, index, "hidden lines open"));
    const all = figures.map(figure => copied(document, figure));
    lookAtWidths(page, frame, "hidden lines open");
    await lookAtThemes(page, window);
    frame.remove();
    return { lines, visible, all };
}

async function lookWithoutScripts(page) {
    const frame = await open(page, { sandbox: "allow-same-origin" });
    const window = frame.contentWindow;
    unfold(window.document);
    const figures = listings(window.document);
    const lines = figures.map(figure => figure.querySelectorAll(".line").length);
    const plain = figures.map(figure => figure.querySelector("pre > code").innerText);
    figures.forEach((figure, index) => lookAtMarks(page, window, figure, index, "without JavaScript"));
    lookAtWidths(page, frame, "without JavaScript");
    new Contrast(window, "that is there without JavaScript", page).look();
    frame.remove();
    return { lines, plain };
}

async function look() {
    for (const page of await (await fetch("__look.json")).json()) {
        const { lines, visible, all } = await lookAsItIs(page);
        const without = await lookWithoutScripts(page);
        lines.forEach((number, index) => {
            if (number !== without.lines[index]) {
                tell(page, index, `of ${without.lines[index]} lines, ${number} are left after highlighting`);
            }
        });
        visible.forEach((text, figure) =>
            answer.figures.push({ page, figure, visible: text, all: all[figure], plain: without.plain[figure] }));
    }
}

look()
    .catch(error => { answer.error = `${error.message}\n${error.stack}`; })
    .then(() => fetch("__seen", { method: "POST", body: JSON.stringify(answer) }));
