document.body.classList.add("js");
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[value]");
  if (!button) return;
  navigator.clipboard.writeText(button.value).then(() => {
    button.textContent = "✓";
    setTimeout(() => { button.textContent = "⧉"; }, 1200);
  });
});
