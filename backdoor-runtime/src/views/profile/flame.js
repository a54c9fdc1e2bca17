const WIDTH = 1200, LETTER = 7;
const boxes = [...document.querySelectorAll("g")].map(g => {
  const rect = g.querySelector("rect"), text = g.querySelector("text");
  const at = name => Number(rect.getAttribute(name));
  return { g, rect, text, name: rect.getAttribute("data-name"), x: at("x"), width: at("width") };
});
function zoom(to) {
  for (const box of boxes) {
    const left = Math.max(0, (box.x - to.x) * WIDTH / to.width);
    const right = Math.min(WIDTH, (box.x + box.width - to.x) * WIDTH / to.width);
    box.g.style.display = right - left > 0.5 ? "" : "none";
    box.rect.setAttribute("x", left);
    box.rect.setAttribute("width", Math.max(0, right - left));
    box.text.setAttribute("x", left + 3);
    const room = Math.floor((right - left - 4) / LETTER);
    const fits = box.name.length <= room;
    box.text.textContent = room < 3 ? "" : fits ? box.name : box.name.slice(0, room - 2) + "..";
  }
}
boxes.forEach(box => box.g.addEventListener("click", () => zoom(box)));
