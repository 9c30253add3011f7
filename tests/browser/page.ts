import { writeFile } from 'node:fs/promises';

/** Ends what hangs, and says nothing of speed. */
const PATIENCE_MS = 30_000;
/** A page that moves under the mouse is tried again so often. */
const MOST_TRIES = 5;

/**
 * Put into every page: finds what a person sees by its words, waits for it, and tells of each breach of the Content-Security-Policy. The
 * functions are the page's own; `loaBreach` comes from the test.
 */
const INSIDE = `
document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  loaBreach(violatedDirective + ' ' + blockedURI));
document.addEventListener('click', ({ target }) => window.loa.noteClick(target), true);
window.loa = {
  // What the mouse is to hit, and what it hit: '' nothing that does anything.
  wanted: null,
  hit: '',
  noteClick(target) {
    if (this.wanted === null) return;
    this.hit = this.wanted.contains(target) ? 'wanted' : this.words(target.closest('button, a, summary, label') ?? document.createElement('i'));
    this.wanted = null;
  },
  seen(element) {
    return element.checkVisibility({ visibilityProperty: true });
  },
  words(element) {
    return (element.getAttribute('aria-label') ?? element.textContent ?? '').replace(/\\s+/g, ' ').trim();
  },
  find(kind, words) {
    const open = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
    if (open === null) return null;
    if (kind === 'text') return (open.innerText ?? '').replace(/\\s+/g, ' ').includes(words) ? open : null;
    if (kind === 'field') {
      const labels = [...open.querySelectorAll('label')].filter((label) => this.words(label).startsWith(words));
      return labels.map((label) => label.control).find((one) => one && this.seen(one)) ?? null;
    }
    const pressed = [...open.querySelectorAll('button, a, summary')].filter((one) => this.seen(one) && !one.disabled);
    return pressed.find((one) => this.words(one) === words) ?? null;
  },
  until(check, patienceMs) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = check();
        if (!found) return false;
        observer.disconnect();
        clearTimeout(timer);
        resolve(found);
        return true;
      };
      const observer = new MutationObserver(look);
      const timer = setTimeout(() => {
        observer.disconnect();
        reject(new Error('not there; the page says: ' + document.body.innerText.slice(0, 1500)));
      }, patienceMs);
      if (!look()) observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    });
  },
  // Where it is once it stays there: a list that is read meanwhile pushes what is below it down.
  async place(kind, words) {
    let before = '';
    for (;;) {
      const element = await this.until(() => this.find(kind, words), ${PATIENCE_MS});
      element.scrollIntoView({ block: 'center', behavior: 'instant' });
      const { x, y, width, height } = element.getBoundingClientRect();
      const at = { x: x + width / 2, y: y + height / 2 };
      const now = JSON.stringify(at);
      if (now === before && element.contains(document.elementFromPoint(at.x, at.y))) {
        [this.wanted, this.hit] = [element, ''];
        return at;
      }
      before = now;
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    }
  },
  offers(element, value) {
    return !(element instanceof HTMLSelectElement) || [...element.options].some((one) => one.value === value);
  },
  set(element, value) {
    const prototype = element instanceof HTMLSelectElement ? HTMLSelectElement : HTMLInputElement;
    Object.getOwnPropertyDescriptor(prototype.prototype, 'value').set.call(element, value);
    element.dispatchEvent(new Event(element instanceof HTMLSelectElement ? 'change' : 'input', { bubbles: true }));
  },
};`;

/** Where a page's commands go, and its events come from. */
export interface Target {
  send<Result extends object>(method: string, params?: object): Promise<Result>;
  on(method: string, listener: (params: object) => void): void;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

type Kind = 'button' | 'field' | 'text';

/** One page of a browser, used as a person uses it: by the words on it. */
export class Page {
  readonly #target: Target;
  /** Breaches of the Content-Security-Policy. */
  readonly breaches: string[] = [];
  /** Errors that nobody in the page caught, and those that it wrote to its console. */
  readonly errors: string[] = [];
  #onLoad: () => void = () => undefined;

  constructor(target: Target) {
    this.#target = target;
  }

  async open(width: number): Promise<void> {
    this.#target.on('Runtime.bindingCalled', (params) =>
      this.breaches.push((params as { payload: string }).payload),
    );
    this.#target.on('Runtime.exceptionThrown', (params) => this.errors.push(JSON.stringify(params)));
    this.#target.on('Runtime.consoleAPICalled', (params) => {
      if ((params as { type: string }).type === 'error') this.errors.push(JSON.stringify(params));
    });
    this.#target.on('Page.loadEventFired', () => this.#onLoad());
    await this.send('Runtime.enable');
    await this.send('Page.enable');
    await this.send('Runtime.addBinding', { name: 'loaBreach' });
    await this.send('Page.addScriptToEvaluateOnNewDocument', { source: INSIDE });
    await this.resize(width);
  }

  /** A screen of this width; narrow ones are a phone's. */
  async resize(width: number): Promise<void> {
    const mobile = width < 600;
    await this.send('Emulation.setDeviceMetricsOverride', {
      ...{ width, height: mobile ? 780 : 860, deviceScaleFactor: 1, mobile },
    });
    // Laid out and drawn once more.
    await this.value('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  }

  /** By how many pixels the page, or a window open on it, is wider than its place. */
  tooWide(): Promise<number> {
    return this.value<number>(
      `Math.max(...[document.documentElement, ...document.querySelectorAll('dialog')]
        .map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth))`,
    );
  }

  send<Result extends object>(method: string, params?: object): Promise<Result> {
    return this.#target.send<Result>(method, params);
  }

  /** Opens an address anew, also where only what stands behind its # differs. */
  async goTo(url: string): Promise<void> {
    for (const address of ['about:blank', url]) {
      const loaded = new Promise<void>((resolve) => {
        this.#onLoad = resolve;
      });
      await this.send('Page.navigate', { url: address });
      await loaded;
    }
  }

  /** Waits until these words are on the page, or in the window that is open on it. */
  async sees(words: string): Promise<void> {
    await this.#waitFor('text', words, 'true');
  }

  /** Presses a button, a link or what opens a part. */
  async press(words: string): Promise<void> {
    const place = `window.loa.place('button', ${JSON.stringify(words)})`;
    for (let tries = 1; ; tries += 1) {
      await this.#clickAt(await this.#waitFor<Point>('button', words, place));
      const hit = await this.#hit();
      if (hit === 'wanted') return;
      // A list that came in between pushed it away: nothing was pressed.
      if (hit !== '' || tries === MOST_TRIES) throw new Error(`button "${words}": the mouse hit "${hit}"`);
    }
  }

  /** Types into a field, instead of what is in it. */
  async fill(label: string, text: string): Promise<void> {
    await this.#waitFor('field', label, '(found.focus(), found.select(), true)');
    await this.send('Input.insertText', { text });
  }

  /** Chooses in a list once the choice is there, for some are read first; or sets a date or a tick. */
  async choose(label: string, value: string): Promise<void> {
    const wanted = JSON.stringify(value);
    await this.#waitFor(
      'field',
      label,
      `(window.loa.set(found, ${wanted}), true)`,
      `window.loa.offers(found, ${wanted})`,
    );
  }

  /** Gives a file to a field that takes one. */
  async choosesFile(label: string, path: string): Promise<void> {
    const expression = `window.loa.find('field', ${JSON.stringify(label)})`;
    const { result } = await this.send<{ result: { objectId: string } }>('Runtime.evaluate', { expression });
    await this.send('DOM.setFileInputFiles', { files: [path], objectId: result.objectId });
  }

  async tick(label: string): Promise<void> {
    await this.#waitFor('field', label, '(found.click(), true)');
  }

  /** The value of an expression in the page. */
  async value<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await this.send<{
      result: { value: Value };
      exceptionDetails?: { exception?: { description?: string } };
    }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true, userGesture: true });
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description ?? 'the expression failed');
    return result.value;
  }

  /** Resolves with the expression's value once it is neither empty nor false. */
  until<Value>(expression: string): Promise<Value> {
    return this.value<Value>(`window.loa.until(() => ${expression}, ${PATIENCE_MS})`);
  }

  /** A picture of the whole page, into the folder that LOA_TEST_SHOTS names; nothing where it is not set. */
  async picture(name: string): Promise<void> {
    const folder = process.env['LOA_TEST_SHOTS'];
    if (folder === undefined || folder === '') return;
    const { data } = await this.send<{ data: string }>('Page.captureScreenshot', {
      format: 'png',
      captureBeyondViewport: true,
    });
    await writeFile(`${folder}/${name}.png`, Buffer.from(data, 'base64'));
  }

  /** `once`: what has to be so of what is found. */
  async #waitFor<Value>(kind: Kind, words: string, then: string, once = 'found'): Promise<Value> {
    const found = `window.loa.find(${JSON.stringify(kind)}, ${JSON.stringify(words)})`;
    const find = `((found) => (found && ${once} ? found : null))(${found})`;
    try {
      return await this.value<Value>(
        `window.loa.until(() => ${find}, ${PATIENCE_MS}).then((found) => ${then})`,
      );
    } catch (error) {
      throw new Error(`${kind} "${words}": ${error instanceof Error ? error.message : ''}`);
    }
  }

  /** What the last click hit: "wanted", the words of something else, "" nothing. Where the page went away it was what was wanted. */
  async #hit(): Promise<string> {
    return this.value<string>("window.loa === undefined ? 'wanted' : window.loa.hit").catch(() => 'wanted');
  }

  async #clickAt({ x, y }: Point): Promise<void> {
    for (const type of ['mousePressed', 'mouseReleased'])
      await this.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
  }
}
