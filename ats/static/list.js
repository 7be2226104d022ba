// The list of applications: addresses without the filters that are empty. It works without this.

const filters = document.querySelector("#filters");
filters.addEventListener("formdata", ({ formData }) => {
  for (const [name, value] of [...formData]) if (!value) formData.delete(name);
  if (formData.get("order") === "received") formData.delete("order");
});
