/**
 * Debian's Chromium, driven through its own protocol: https://chromedevtools.github.io/devtools-protocol
 *
 * @module
 */

import { pollUntil } from "./polling.ts";

// deno-lint-ignore no-explicit-any -- answers of any shape
type Answer = any;

/** What a page is opened with. */
interface PageOptions {
  /** Whether its scripts run. @default true */
  readonly scripts?: boolean;
  /** What the reader's system asks for. @default light */
  readonly scheme?: "light" | "dark";
}

/** A browser without a screen; to be held with `await using`. */
export class Browser implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #folder: string;
  readonly #connection: Connection;

  private constructor(process: Deno.ChildProcess, folder: string, connection: Connection) {
    this.#process = process;
    this.#folder = folder;
    this.#connection = connection;
  }

  /** Starts it with a profile of its own. */
  static async start(): Promise<Browser> {
    const folder = await Deno.makeTempDir({ prefix: "dlslurm-browser-" });
    const process = new Deno.Command("chromium", {
      args: [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"],
        ...["--disable-background-networking", "--disable-extensions", "--disable-dev-shm-usage"],
        ...[`--user-data-dir=${folder}`, "--remote-debugging-port=0", "--window-size=1240,900"],
      ],
      ...{ stdin: "null", stdout: "null", stderr: "null" },
    }).spawn();
    const address = await pollUntil("the browser listens", async () => {
      const text = await Deno.readTextFile(`${folder}/DevToolsActivePort`).catch(() => "");
      const [port, path] = text.split("\n");
      return path ? `ws://127.0.0.1:${port}${path}` : undefined;
    });
    return new Browser(process, folder, await Connection.open(address));
  }

  /** Opens a file and waits until it is loaded. */
  async open(file: string, { scripts = true, scheme = "light" }: PageOptions = {}): Promise<Page> {
    const { targetId } = await this.#connection.call("Target.createTarget", { url: "about:blank" });
    const attach = { targetId, flatten: true };
    const { sessionId } = await this.#connection.call("Target.attachToTarget", attach);
    const page = new Page(this.#connection, sessionId);
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await page.call(`${domain}.enable`);
    await page.call("Emulation.setScriptExecutionDisabled", { value: !scripts });
    await page.call("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
    const loaded = this.#connection.next(sessionId, "Page.loadEventFired");
    await page.call("Page.navigate", { url: new URL(`file://${file}`).href });
    await loaded;
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.call("Browser.close").catch(() => undefined);
    await this.#connection.close();
    await this.#process.status;
    // Its helpers may still be writing for a moment.
    await pollUntil(
      "the profile is gone",
      () => Deno.remove(this.#folder, { recursive: true }).then(() => true, () => false),
    );
  }
}

/** A page that is shown. */
export class Page {
  readonly #connection: Connection;
  readonly #session: string;
  /** What the console says that is no good, and addresses that were asked for beside the file. */
  readonly complaints: string[] = [];

  constructor(connection: Connection, session: string) {
    this.#connection = connection;
    this.#session = session;
    connection.listen(session, (method, params) => {
      if (method === "Runtime.exceptionThrown") {
        this.complaints.push(params.exceptionDetails.exception?.description ?? "exception");
      }
      if (method === "Log.entryAdded" && params.entry.level !== "verbose") {
        this.complaints.push(params.entry.text);
      }
      if (method === "Runtime.consoleAPICalled") this.complaints.push(JSON.stringify(params.args));
      if (method === "Network.requestWillBeSent" && !/^file:/.test(params.request.url)) {
        this.complaints.push(params.request.url);
      }
    });
  }

  /** Asks the browser for something. */
  async call(method: string, params: object = {}): Promise<Answer> {
    return await this.#connection.call(method, params, this.#session);
  }

  /** The value of an expression in the page. */
  async evaluate(expression: string): Promise<Answer> {
    const answer = await this.call("Runtime.evaluate", { expression, returnByValue: true });
    if (answer.exceptionDetails !== undefined) {
      throw new Error(answer.exceptionDetails.exception?.description ?? expression);
    }
    return answer.result.value;
  }

  /** Clicks what a selector finds, as a mouse would. */
  async click(selector: string): Promise<void> {
    const { x, y } = await this.middleOf(selector);
    await this.mouse("mousePressed", x, y);
    await this.mouse("mouseReleased", x, y);
  }

  /** Where the middle of an element is; it is scrolled to. */
  async middleOf(selector: string): Promise<{ readonly x: number; readonly y: number }> {
    return await this.evaluate(`(() => {
      const found = document.querySelector(${JSON.stringify(selector)});
      found.scrollIntoView({ block: "center" });
      const { x, y, width, height } = found.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    })()`);
  }

  /** Does something with the mouse. */
  async mouse(type: string, x: number, y: number): Promise<void> {
    const button = { button: "left", buttons: type === "mouseReleased" ? 0 : 1, clickCount: 1 };
    await this.call("Input.dispatchMouseEvent", {
      ...{ type, x, y },
      ...(type === "hover" ? { type: "mouseMoved" } : button),
    });
  }

  /** Types text into what has the focus. */
  async type(text: string): Promise<void> {
    await this.call("Input.insertText", { text });
  }
}

/** The browser's socket: calls with their answers, and events of sessions. */
class Connection {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, PromiseWithResolvers<Answer>>();
  readonly #listeners: ((session: string, method: string, params: Answer) => void)[] = [];
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { id, result, error, method, params, sessionId } = JSON.parse(data);
      if (id === undefined) {
        for (const each of [...this.#listeners]) each(sessionId, method, params);
      } else if (error !== undefined) this.#answers.get(id)?.reject(new Error(error.message));
      else this.#answers.get(id)?.resolve(result);
    };
  }

  static async open(address: string): Promise<Connection> {
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    return new Connection(socket);
  }

  async call(method: string, params: object = {}, sessionId?: string): Promise<Answer> {
    const id = ++this.#last;
    const answer = Promise.withResolvers<Answer>();
    this.#answers.set(id, answer);
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return await answer.promise;
  }

  listen(session: string, listener: (method: string, params: Answer) => void): void {
    this.#listeners.push((of, method, params) => of === session && listener(method, params));
  }

  async next(session: string, wanted: string): Promise<void> {
    await new Promise<void>((resolve) =>
      this.listen(session, (method) => method === wanted && resolve())
    );
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    await new Promise((resolve) => {
      this.#socket.onclose = resolve;
      this.#socket.close();
    });
  }
}
