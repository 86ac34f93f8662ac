// What was done: settings, versions, machines, times, and how to cite.

const MethodsView = {
  title: "Methods",
  async show(root, experiment) {
    const { methods } = DATA;
    fill(root,
      element("p", {}, methods.about),
      tableOf("Versions", [["Package", ([name]) => name], ["Version", ([, version]) => version]], Object.entries(methods.versions)),
      element("p", {}, `${counted(experiment.described.runs.length, "run")} of ${experiment.name}: ${experiment.described.runs.join(", ")}. ${Object.entries(methods.machine).map(([name, value]) => `${name}: ${value}`).join(", ")}.`),
      element("section", {}, element("h2", {}, `Settings of ${experiment.name}`), element("pre", { tabindex: "0" }, JSON.stringify(experiment.described.settings, null, 2))),
      methods.times.length > 0 && tableOf("Time per stage, of all jobs whose results are in this folder, other configurations' too", [
        ["Stage", (row) => row.stage], ["Jobs", (row) => wholeNumber(row.jobs), "number"], ["Seconds in all", (row) => wholeNumber(row.seconds), "number"],
        ["CPU seconds", (row) => wholeNumber(row.cpu_seconds), "number"], ["Largest memory, MiB", (row) => wholeNumber(row.memory), "number"]], methods.times),
      element("section", {}, element("h2", {}, "How to cite"), element("pre", { tabindex: "0" }, methods.citation)));
  },
};
