"""Names of the IBSI 1 features in the order of its tables, their identifiers and units.

Names are those of the reference tables of IBSI (Zwanenburg, Radiology 2020;295:328). "L" stands for the unit of
length and "I" for that of the intensities.
"""

from __future__ import annotations

__all__ = ["FAMILIES", "family_of", "of_family"]

FAMILIES = {
    "morph": """volume:RNU0:L3 vol_approx:YEKZ:L3 area_mesh:C0JK:L2 av:2PR5:/L comp_1:SKGS comp_2:BQWJ sph_dispr:KRCK
        sphericity:QCFX asphericity:25C7 com:KLMA:L diam:L0JK:L pca_maj_axis:TDIC:L pca_min_axis:P9VJ:L
        pca_least_axis:7J51:L pca_elongation:Q3CK pca_flatness:N17B vol_dens_aabb:PBX1 area_dens_aabb:R59B
        vol_dens_aee:6BDE area_dens_aee:RDD2 vol_dens_conv_hull:R3ER area_dens_conv_hull:7T7F integ_int:99N0:I·L3
        moran_i:N365 geary_c:NPT7""",
    "loc": "peak_loc:VJGA:I peak_glob:0F91:I",
    "stat": """mean:Q4LE:I var:ECT3:I2 skew:KE2A kurt:IPH6 median:Y12H:I min:1GSF:I p10:QG58:I p90:8DWT:I max:84IY:I
        iqr:SALO:I range:2OJQ:I mad:4FUA:I rmad:1128:I medad:N72L:I cov:7TET qcod:9S40 energy:N8CA:I2 rms:5ZWQ:I""",
    "ih": """mean:X6K6 var:CH89 skew:88K1 kurt:C3I7 median:WIFQ min:1PR8 p10:GPMT p90:OZ0C max:3NCY mode:AMMC iqr:WR0O
        range:5Z3W mad:D2ZX rmad:WRZB medad:4RNL cov:CWYJ qcod:SLWD entropy:TLU2 uniformity:BJ5W max_grad:12CE
        max_grad_g:8E6O min_grad:VQB3 min_grad_g:RHQZ""",
    "ivh": "v10:BC2M v90:BC2M i10:GBPN:I i90:GBPN:I diff_v10_v90:DDTU diff_i10_i90:CNV2:I",
    "cm": """joint_max:GYBY joint_avg:60VM joint_var:UR99 joint_entr:TU9B diff_avg:TF7R diff_var:D3YU diff_entr:NTRS
        sum_avg:ZGXS sum_var:OEEB sum_entr:P6QZ energy:8ZQL contrast:ACUI dissimilarity:8S9J inv_diff:IB1Z
        inv_diff_norm:NDRX inv_diff_mom:WF0Z inv_diff_mom_norm:1QCO inv_var:E8JP corr:NI2N auto_corr:QWB0
        clust_tend:DG8W clust_shade:7NFM clust_prom:AE86 info_corr1:R8DG info_corr2:JN9H""",
    "rlm": """sre:22OV lre:W4KF lgre:V3SW hgre:G3QZ srlge:HTZT srhge:GD3A lrlge:IVPO lrhge:3KUM glnu:R5YN glnu_norm:OVBL
        rlnu:W92Y rlnu_norm:IC23 r_perc:9ZK5 gl_var:8CE5 rl_var:SXLW rl_entr:HJ9O""",
    "szm": """sze:5QRC lze:48P8 lgze:XMSY hgze:5GN9 szlge:5RAI szhge:HW1V lzlge:YH51 lzhge:J17V glnu:JNSA glnu_norm:Y1RO
        zsnu:4JP3 zsnu_norm:VB3A z_perc:P30P gl_var:BYLV zs_var:3NSA zs_entr:GU8N""",
    "dzm": """sde:0GBI lde:MB4I lgze:S1RA hgze:K26C sdlge:RUVG sdhge:DKNJ ldlge:A7WM ldhge:KLTH glnu:VFT7 glnu_norm:7HP3
        zdnu:V294 zdnu_norm:IATH z_perc:VIWW gl_var:QK93 zd_var:7WT1 zd_entr:GBDU""",
    "ngt": "coarseness:QCDE contrast:65HE busyness:NQ30 complexity:HDEZ strength:1X9X",
    "ngl": """lde:SODN hde:IMOQ lgce:TL9H hgce:OAE7 ldlge:EQ3F ldhge:JA6D hdlge:NBZI hdhge:9QMG glnu:FP8K glnu_norm:5SPA
        dcnu:Z87G dcnu_norm:OKJI dc_perc:6XV8 gl_var:1PFV dc_var:DNX2 dc_entr:FCBV dc_energy:CAS9""",
}


def of_family(family: str) -> list[tuple[str, str, str]]:
    """Name, identifier and unit ("1": none) of each feature of a family, in the order of the IBSI tables."""
    rows = [(*one.split(":"), "1") for one in FAMILIES[family].split()]
    return [(row[0], row[1], row[2]) for row in rows]


def family_of(name: str) -> str:
    """The family a full name of a feature belongs to: the part before its first underscore."""
    return name.partition("_")[0]
