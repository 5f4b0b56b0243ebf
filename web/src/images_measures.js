// Measurements on an image: points in columns and rows of the image, lengths in millimetres where the spacing is known.
export const NEEDED = { length: 2, angle: 3, ellipse: 2 };

// Between two points in millimetres, or in pixels where there is no scale.
export function distance(a, b, facts) {
  const [high, wide] = facts.spacing ? facts.spacing.slice(-2) : [1, 1];
  return Math.hypot((b.x - a.x) * wide, (b.y - a.y) * high);
}

// The angle at the second of three points, in degrees.
export function angle([a, b, c], facts) {
  const [high, wide] = facts.spacing ? facts.spacing.slice(-2) : [1, 1];
  const first = [(a.x - b.x) * wide, (a.y - b.y) * high];
  const second = [(c.x - b.x) * wide, (c.y - b.y) * high];
  const cross = first[0] * second[1] - first[1] * second[0];
  return (Math.abs(Math.atan2(cross, first[0] * second[0] + first[1] * second[1])) * 180) / Math.PI;
}

// Area and values of the pixels whose centres lie in the ellipse within the box of two corners.
export function ellipse([a, b], facts, samples) {
  const [high, wide] = facts.spacing ? facts.spacing.slice(-2) : [1, 1];
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  const half = { x: Math.abs(b.x - a.x) / 2, y: Math.abs(b.y - a.y) / 2 };
  let count = 0, sum = 0, squares = 0;
  const top = Math.max(0, Math.floor(middle.y - half.y)), bottom = Math.min(facts.rows - 1, Math.ceil(middle.y + half.y));
  const left = Math.max(0, Math.floor(middle.x - half.x)), right = Math.min(facts.columns - 1, Math.ceil(middle.x + half.x));
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) {
      const far = ((column + 0.5 - middle.x) / half.x) ** 2 + ((row + 0.5 - middle.y) / half.y) ** 2;
      if (far > 1) continue;
      const value = samples[row * facts.columns + column];
      count += 1;
      sum += value;
      squares += value * value;
    }
  }
  const mean = count ? sum / count : NaN;
  const spread = count > 1 ? Math.sqrt(Math.max(0, (squares - count * mean * mean) / (count - 1))) : 0;
  return { area: Math.PI * half.x * wide * half.y * high, count, mean, spread };
}

// One line that says a measurement.
export function said(one, facts, samples, words) {
  const unit = facts.spacing ? "mm" : words.pixels;
  const most = facts.magnified ? "≤ " : "";
  if (one.kind === "length") return `${words.length} ${most}${distance(...one.points, facts).toFixed(1)} ${unit}`;
  if (one.kind === "angle") return `${words.angle} ${angle(one.points, facts).toFixed(1)}°`;
  const found = ellipse(one.points, facts, samples);
  const values = found.count ? `, ${words.mean} ${found.mean.toFixed(1)} ${facts.unit}, ${words.deviation} ${found.spread.toFixed(1)}` : "";
  return `${words.area} ${most}${found.area.toFixed(0)} ${unit}²${values}`;
}
