// The page keeps the session: recordings A and B as they were given, and every static vector for the map.

import { forget, picture, recording } from "./recording.js";

const find = (selector, where = document) => where.querySelector(selector);
const longest = Number(document.body.dataset.seconds);
const slots = { A: null, B: null }; // of each letter the file, its seconds and its point on the map
const AROUND = 1; // s that work takes however short the words are
const points = []; // {static, kind, label, now}
let last = Promise.resolve(); // what is being done, with all that waits for it
let busy = false;
let pace = null; // seconds that a second of words took last, beyond AROUND; null before the first time
let count = 0; // of results

/** Ask for a piece of work on files; the server's last answer. What it is doing is told as it comes. */
async function ask(task, files, options = {}, body = new Blob(files)) {
  const query = new URLSearchParams(options);
  for (const file of files) {
    query.append("name", file.name);
    query.append("size", file.size);
  }
  let answer;
  try {
    answer = await fetch(`${task}?${query}`, { method: "POST", body });
  } catch {
    throw new Error("no answer: a file may have changed on disk (choose it again), or speechdis app has ended");
  }
  if (!answer.ok) throw new Error(await answer.text());
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("speechdis app has ended: start it again");
    text += value;
    for (let end; (end = text.indexOf("\n")) >= 0; text = text.slice(end + 1)) {
      const event = JSON.parse(text.slice(0, end));
      if (event.error) throw new Error(event.error);
      if (event.result) return event.result;
      find("#doing").textContent = event.doing;
    }
  }
}

/** Do one thing after the other, under the bar; an error stands in `place`. `seconds` of words will be said. */
function working(place, work, seconds = null) {
  last = last.then(() => run(place, work, seconds));
  return last;
}

async function run(place, work, seconds) {
  const bar = find(".progress");
  const focused = document.activeElement; // a button that is disabled loses it
  const begin = performance.now();
  const elapsed = () => (performance.now() - begin) / 1000;
  const clock = () => {
    find("#clock").textContent = `${Math.floor(elapsed())} s`;
    if (pace !== null && seconds) find("progress").value = Math.min(0.98, elapsed() / (AROUND + pace * seconds));
  };
  const ticking = setInterval(clock, 250);
  const error = find(".error", place);
  error.hidden = true;
  busy = true;
  bar.hidden = false;
  find("progress").removeAttribute("value"); // it only shows that there is work, if nobody knows how long
  clock();
  enable();
  try {
    await work();
    if (seconds) pace = Math.max(0, elapsed() - AROUND) / seconds;
  } catch (fault) {
    error.textContent = fault.message;
    error.hidden = false;
  } finally {
    clearInterval(ticking);
    busy = false;
    bar.hidden = true;
    find("#doing").textContent = "";
    enable();
    if (document.activeElement === document.body) focused.focus({ preventScroll: true });
  }
}

function enable() {
  find("#swap").disabled = busy || !(slots.A && slots.B);
  find("#anonymise").disabled = busy || !slots.B;
  for (const control of document.querySelectorAll(".drop input, .drop .record:not([aria-pressed=true])"))
    control.disabled = busy;
}

const stem = (file) => file.name.replace(/\.[^.]*$/, "");

/** Hear a file as A or B: it takes the place of an earlier one, which stays on the map, pale. */
function give(letter, file) {
  const slot = find(`#${letter}`);
  return working(slot, async () => {
    const answer = await ask("hear", [file]);
    if (slots[letter]) Object.assign(slots[letter].point, { now: false, label: "" });
    const point = { static: answer.static, kind: slot.dataset.kind, label: letter, now: true };
    slots[letter] = { file, point, seconds: answer.seconds };
    points.push(point);
    find("#told").textContent = ""; // of an earlier A and B
    forget(find(".place", slot));
    find(".place", slot).append(recording(answer, file.name, `${stem(file)}.wav`));
    await map();
  });
}

/** Make a swap or an anonymous B, and play it. */
function make(task, used, options, title, file) {
  return working(find(".work"), async () => {
    const answer = await ask(task, used.map((letter) => slots[letter].file), options);
    for (const point of points) if (point.kind === "made") point.now = false;
    count += 1;
    const made = { static: answer.static, kind: "made", label: String(count), now: true };
    points.push(made);
    const item = document.createElement("li");
    item.append(recording(answer, title, file));
    item.querySelector(".name").prepend(Object.assign(document.createElement("i"), { textContent: count }), " ");
    find("#results").prepend(item);
    find(".made .empty").hidden = true;
    item.scrollIntoView({ block: "nearest" });
    find("audio", item).play().catch(() => {}); // a browser may not let it begin by itself
    await map(task === "swap" ? made : null);
  }, slots.B.seconds);
}

/** Draw the map anew, and tell of a swap which voice it is nearer to. */
async function map(swap = null) {
  const drawn = await ask("draw", [], {}, JSON.stringify(points.slice(-200)));
  const figure = find(".map figure");
  find("source", figure).srcset = picture(drawn.dark, "image/svg+xml");
  find("img", figure).src = picture(drawn.light, "image/svg+xml");
  figure.hidden = false;
  find(".map .empty").hidden = true;
  if (!swap) return;
  const from = (letter) => Math.hypot(...swap.static.map((value, k) => value - slots[letter].point.static[k]));
  const [a, b] = [from("A"), from("B")];
  const near = a < b ? "nearer to A than to B" : "nearer to B than to A";
  find("#told").textContent = `Number ${swap.label} lies ${near}: ${a.toFixed(1)} from A, ${b.toFixed(1)} from B.`;
}

/** Record until the button is pressed again, or as long as the page takes. */
async function record(letter, button) {
  const slot = find(`#${letter}`);
  const error = find(".error", slot);
  let stream;
  try {
    const plain = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
  } catch (fault) {
    error.textContent = `no microphone (${fault.message}): let this page use it, or choose a file`;
    error.hidden = false;
    return null;
  }
  const parts = [];
  const recorder = new MediaRecorder(stream);
  const begin = performance.now();
  const tick = () => {
    const seconds = (performance.now() - begin) / 1000;
    button.textContent = `Stop (${Math.floor(seconds)} s)`;
    if (seconds > longest - 1 && recorder.state === "recording") recorder.stop();
  };
  tick();
  const ticking = setInterval(tick, 200);
  button.setAttribute("aria-pressed", "true");
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  recorder.addEventListener("stop", () => {
    clearInterval(ticking);
    button.setAttribute("aria-pressed", "false");
    button.textContent = "Record";
    for (const track of stream.getTracks()) track.stop();
    const type = recorder.mimeType.split(";")[0];
    give(letter, new File(parts, `recording ${letter}.${type.split("/")[1]}`, { type }));
  });
  recorder.start();
  return recorder;
}

for (const [letter, other] of [["A", "B"], ["B", "A"]]) {
  const slot = find(`#${letter}`);
  const take = async (files) => {
    const [first, second] = files; // of two, the second is for the other place
    if (first) await give(letter, first);
    if (second) await give(other, second);
  };
  const input = find("input", slot);
  input.addEventListener("change", async () => {
    await take([...input.files]);
    input.value = ""; // the same file may be chosen again
  });
  slot.addEventListener("dragover", () => slot.classList.add("over"));
  slot.addEventListener("dragleave", () => slot.classList.remove("over"));
  slot.addEventListener("drop", (event) => {
    slot.classList.remove("over");
    take([...event.dataTransfer.files]);
  });
  const button = find(".record", slot);
  let recorder = null;
  button.addEventListener("click", async () => {
    if (recorder?.state === "recording") recorder.stop();
    else recorder = await record(letter, button);
  });
}
for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());

find("#swap").addEventListener("click", () => {
  const [a, b] = [slots.A.file, slots.B.file];
  make("swap", ["A", "B"], {}, `${b.name} in the voice of ${a.name}`, `${stem(a)}_${stem(b)}.wav`);
});
find("#anonymise").addEventListener("click", () => {
  const [b, seed] = [slots.B.file, String(Math.max(0, Math.floor(Number(find("#seed").value))))];
  make("anonymise", ["B"], { seed }, `${b.name}, anonymous, seed ${seed}`, `${stem(b)}_seed${seed}.wav`);
});
