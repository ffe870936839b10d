// The window that stands for the telephone system: posts a call, and says what became of it.
const form = document.getElementById("desk");
const done = document.getElementById("done");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const response = await fetch("/calls", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...Object.fromEntries(new FormData(form)), call_id: crypto.randomUUID() }),
    });
    const recorded = await response.json();
    const left = response.ok ? recorded.rejected.map((one) => one.reason) : [];
    if (!response.ok) done.textContent = `Refused: ${JSON.stringify(recorded.detail)}`;
    else done.textContent = left.length ? `Recorded, but: ${left.join("; ")}` : "Recorded. Look at the agents' pages.";
  } catch (error) {
    done.textContent = "The server cannot be reached.";
  } finally {
    button.disabled = false;
  }
});
