// A recording on the page: its spectrogram is the button that plays it; one plays at a time.

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export const picture = (text, type) => `data:${type};base64,${text}`;

/** The element of a recording that the server has answered: its sound, picture and seconds. */
export function recording(answer, name, file) {
  const whole = document.querySelector("#recording").content.cloneNode(true).firstElementChild;
  const [button, audio, cursor, link] = ["button", "audio", "i", "a"].map((tag) => whole.querySelector(tag));
  const url = URL.createObjectURL(new Blob([bytes(answer.sound)], { type: "audio/wav" }));
  const seconds = `${answer.seconds.toFixed(1)} s`;
  audio.src = url;
  whole.querySelector("img").src = picture(answer.picture, "image/png");
  whole.querySelector(".name").textContent = name;
  whole.querySelector(".seconds").textContent = seconds;
  link.href = url;
  link.download = file;
  link.setAttribute("aria-label", `Download ${file}`);
  const follow = () => {
    cursor.style.left = `${(100 * audio.currentTime) / audio.duration}%`;
    if (!audio.paused) requestAnimationFrame(follow);
  };
  const say = () => {
    button.classList.toggle("playing", !audio.paused);
    button.setAttribute("aria-label", `${audio.paused ? "Play" : "Pause"}: ${name}, ${seconds}`);
  };
  say();
  button.addEventListener("click", () => (audio.paused ? audio.play() : audio.pause()));
  audio.addEventListener("pause", say);
  audio.addEventListener("play", () => {
    for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
    say();
    follow();
  });
  return whole;
}

/** Free the sounds of an element that leaves the page. */
export function forget(element) {
  for (const audio of element.querySelectorAll("audio")) {
    audio.pause();
    URL.revokeObjectURL(audio.src);
  }
  element.replaceChildren();
}
