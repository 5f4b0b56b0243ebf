// Three planes and a volume by NiiVue (BSD-2-Clause), loaded only when somebody asks for them.
import { Niivue, SLICE_TYPE } from "@niivue/niivue";

export async function begin(canvas, given, part) {
  part("volume-box").hidden = false;
  if (!canvas.getContext("webgl2")) throw new Error("WebGL 2");
  const drawn = new Niivue({
    backColor: [0, 0, 0, 1], show3Dcrosshair: true, isResizeCanvas: true, dragAndDropEnabled: false, loadingText: "",
    isOrientCube: false, logLevel: "error", crosshairWidth: 1,
    isRadiologicalConvention: true, // the patient's right at the left, as in the view above
  });
  await drawn.attachToCanvas(canvas);
  const answer = await fetch(`${given.at}/volume.nii.gz`, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  await drawn.loadFromArrayBuffer(await answer.arrayBuffer(), "volume.nii.gz");
  const first = given.facts.windows[0];
  drawn.volumes[0].cal_min = first.centre - first.width / 2;
  drawn.volumes[0].cal_max = first.centre + first.width / 2;
  drawn.updateGLVolume();
  drawn.setSliceType(SLICE_TYPE.MULTIPLANAR);
  part("volume-planes").addEventListener("click", () => drawn.setSliceType(SLICE_TYPE.MULTIPLANAR));
  part("volume-render").addEventListener("click", () => drawn.setSliceType(SLICE_TYPE.RENDER));
  part("volume-choice").hidden = false;
  canvas.drawn = drawn;
}
