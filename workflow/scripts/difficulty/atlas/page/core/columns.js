// Orders and ranks of columns of numbers.

const Columns = (() => {
  /** Positions from the hardest to the easiest; missing values come last, and of equal ones the first first. */
  function order(values, direction) {
    const turned = direction < 0 ? 1 : -1;
    const positions = Uint32Array.from(values, (_, place) => place);
    return positions.sort((a, b) => {
      const first = values[a], second = values[b];
      if (first === second) return a - b;
      if (Number.isNaN(first)) return Number.isNaN(second) ? a - b : 1;
      if (Number.isNaN(second)) return -1;
      return turned * (first - second);
    });
  }

  /** The share of the defined values that are easier, of equal ones the mean: 0 the easiest, 1 the hardest. */
  function percentiles(values, direction) {
    const placed = order(values, -(direction || 1));
    let known = placed.length;
    while (known > 0 && Number.isNaN(values[placed[known - 1]])) known--;
    const shares = new Float32Array(values.length).fill(NaN);
    for (let start = 0; start < known;) {
      let end = start;
      while (end < known && values[placed[end]] === values[placed[start]]) end++;
      const share = known > 1 ? (start + end - 1) / 2 / (known - 1) : 0.5;
      for (let place = start; place < end; place++) shares[placed[place]] = share;
      start = end;
    }
    return shares;
  }

  /** [lowest, highest] of the defined values. */
  function range(values) {
    let low = Infinity, high = -Infinity;
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return low <= high ? [low, high] : [0, 1];
  }

  /** How many of the values for which `taken` holds fall into each of `bins` equal parts of [low, high]. */
  function histogram(values, [low, high], bins, taken) {
    const counts = new Uint32Array(bins), scale = high > low ? bins / (high - low) : 0;
    for (let place = 0; place < values.length; place++) {
      const value = values[place];
      if (Number.isNaN(value) || (taken && !taken[place])) continue;
      counts[Math.min(bins - 1, Math.max(0, Math.floor((value - low) * scale)))]++;
    }
    return counts;
  }

  return { order, percentiles, range, histogram };
})();
