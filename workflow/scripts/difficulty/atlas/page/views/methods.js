// What was done: settings, versions, machines, times, and how to cite.

const MethodsView = {
  title: "Methods",
  async show(root, experiment) {
    const { methods } = DATA;
    const ifKnown = (value) => (value === undefined ? "" : wholeNumber(value));
    const isPlanned = methods.times.some((row) => row.estimated_memory !== undefined);
    const estimates = [
      ["CPU seconds, planned", (row) => ifKnown(row.estimated_cpu_seconds), "number"], ["Memory, planned, MiB", (row) => ifKnown(row.estimated_memory), "number"]];
    fill(root,
      element("p", {}, methods.about),
      tableOf("Versions", [["Package", ([name]) => name], ["Version", ([, version]) => version]], Object.entries(methods.versions)),
      element("p", {}, `${counted(experiment.described.runs.length, "run")} of ${experiment.name}: ${experiment.described.runs.join(", ")}. ${Object.entries(methods.machine).map(([name, value]) => `${name}: ${value}`).join(", ")}.`),
      element("section", {}, element("h2", {}, `Settings of ${experiment.name}`), element("pre", { tabindex: "0" }, JSON.stringify(experiment.described.settings, null, 2))),
      methods.times.length > 0 && tableOf("Time per stage, of all jobs whose results are in this folder, other configurations' too", [
        ["Stage", (row) => row.stage], ["Jobs", (row) => wholeNumber(row.jobs), "number"], ["Seconds in all", (row) => wholeNumber(row.seconds), "number"],
        ["CPU seconds", (row) => wholeNumber(row.cpu_seconds), "number"], ["Largest memory, MiB", (row) => wholeNumber(row.memory), "number"],
        ...(isPlanned ? estimates : [])], methods.times),
      element("section", {}, element("h2", {}, "How to cite"), element("pre", { tabindex: "0" }, methods.citation)));
  },
};
