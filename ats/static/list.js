/* The list of applications: all that are shown chosen at once, and addresses without what is
   empty. The page works without it. No words here: they stand in the page. */

const filters = document.querySelector("#filters");
filters.addEventListener("formdata", ({ formData }) => {
  for (const [name, value] of [...formData]) if (!value) formData.delete(name);
  if (formData.get("order") === "received") formData.delete("order");
});

const all = document.querySelector("#all");
if (all) {
  const boxes = () => [...all.form.querySelectorAll("[name=chosen]")];
  const settle = () => {
    const chosen = boxes().filter((box) => box.checked).length;
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && !all.checked;
  };
  all.hidden = boxes().length === 0;
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    boxes()[0]?.dispatchEvent(new Event("change", { bubbles: true }));
  });
  all.form.addEventListener("change", settle);
  all.form.addEventListener("reset", () => setTimeout(settle));
  settle();
}
