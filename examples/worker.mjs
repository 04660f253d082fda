// A client of `verdigris embed --serve-stdio` for Node 18 or newer, without dependencies.
//
//     node worker.mjs "how do I undo a commit?" "git revert makes a new commit" "salt the soup"
//
// prints how similar the first text is to each of the others. VERDIGRIS names another command
// than `verdigris`, as a JSON list: VERDIGRIS='["python", "-m", "…"]'.

import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export class Worker {
  #process;
  #waiting = new Map();
  #lastId = 0;

  constructor(command = JSON.parse(process.env.VERDIGRIS ?? '["verdigris"]')) {
    const [program, ...args] = [...command, "embed", "--serve-stdio"];
    this.#process = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.ended = new Promise((resolve) => this.#process.once("close", resolve));
    this.ended.then((code) => this.#failAll(new Error(`the worker ended with code ${code}`)));
    this.#process.once("error", (error) => this.#failAll(error));
    this.#process.stdin.on("error", (error) => this.#failAll(error));
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#take(line));
  }

  /** Send a request; resolves to its answer. Requests may overlap: answers are matched by id. */
  ask(request) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#process.stdin.write(JSON.stringify({ ...request, id }) + "\n");
    });
  }

  /** A Float32Array of length 1 for each text. */
  async embed(texts, inputType = "passage") {
    const request = { op: "embed", texts, input_type: inputType, encoding: "base64" };
    const { vectors } = await this.ask(request);
    return vectors.map((text) => new Float32Array(new Uint8Array(Buffer.from(text, "base64")).buffer));
  }

  /** End the worker after everything that was asked is answered; resolves to its exit code. */
  async close() {
    await this.ask({ op: "shutdown" });
    this.#process.stdin.end();
    return this.ended;
  }

  #take(line) {
    const answer = JSON.parse(line);
    const { resolve, reject } = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.ok) resolve(answer);
    else reject(new Error(`${answer.error.type}: ${answer.error.message}`));
  }

  #failAll(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [query, ...texts] = process.argv.slice(2);
  const worker = new Worker();
  const [[question], passages] = await Promise.all([
    worker.embed([query], "query"),
    worker.embed(texts),
  ]);
  passages.forEach((passage, index) => {
    const score = passage.reduce((sum, value, place) => sum + value * question[place], 0);
    console.log(`${score.toFixed(3)}  ${texts[index]}`);
  });
  process.exitCode = await worker.close();
}
