"""Payloads that modulepickle 0.3 wrote on Python 3.7 with cloudpickle 1.2.2, kept as bytes.

`PACKAGE` is `{"use": use, "module": lab.core}` of a script in the folder of the package `lab` (a
`lab/__init__.py` that imports from `lab/core.py`), `LATER` is `later` of it:

def use(values):
    return [lab.double(value) for value in values], lab.core.VERSION
def later():
    import lab.core
    return lab.core.VERSION
"""

from __future__ import annotations

import base64
import zlib
from typing import Final

__all__ = ["LATER", "PACKAGE"]


def _bytes(text: str) -> bytes:
    return zlib.decompress(base64.b85decode(text))


PACKAGE: Final = _bytes(
    "c-rln-D}i95WqL-wLP!(RFL*HPjW3K=00*osYN^$^x%}M_$Es($u;pd$(dx8LJNx8zU+&*zU!ajU#7E3i$}o^kQS8r"
    "!LhrubF;HMnN1$%b>-97by9F38)A-Uz7(r2OSm@;-"
    "3jx}nZ6WtIu045V;;MCn8fm<Yy`TvL?dV7(`@3GQy>QEMLOak%fp!Fds81|qS{M5|A`vBmqXd;YkdMgz2EDtc$%lbB"
    "m3kod8_5*x%ONi>pMgaf~8VT@6Y#ldMmr2@~nOUDxbA|?Thw7e^CLoH8IDWkrWGF!bjlep%l7lNiqM@VZ0b#$oMD<b"
    "91^UMQw|PS?(s$bX)e9d-?(xSj)j9u?pKaw^-sjEZa6`)Q)6O7Zo>2;S3g^-"
    "W%>bcr*Z^SSS|AU_ZgtK<h8{bfO&_d-"
    "x4dXSzh`)Nv=yu1~2Ph$^MA6RE!HMh=`$*@crWq%*GaBQT_FEbg*o1Wv&K99fPMk2C)yC|AO0nxr{ZuBLvL`JM_uJu"
    "t=M<8ombue~V@Rn*$bMr}s>4rveq2Y8*FF&40C+eHhUZi{}?Zd+EXyJ@vL#A-"
    "HeyGab2oC7?|ozyT$nk4zJ^nN#gdUO8>D*lv)ahOvI&)%8EzuW2jJpLW~RQ%iBF2vu$_@6oBG>Hs&2uyX$8ReB?41L"
    "E7<J}FTyjW`l`Cn1_uR?!Tx&J5m-?Eyg^WOq>%>Q%X_^ZaaWi)HGn#-"
    "IlJ4yeWH3RVcv2pT(Xk<PcZy3eb&ssUHP*SrHf|;TPQ|f=^_0gEsPyL*yvC%Ttk2Ns`5d=XH1VIo4K@bE%5ClOG1VI"
    "o4K@jAxkzy|LY$+~xx|`Ox)v`u6+U>5@wIv@N%Aw3e)$_*=XL%+EqT+>aE)S%ryDZ6g>eJ&&$bncWs}p5#EwBSk%z2"
    "3m(p5TBNJ>?SW1*GFXELxv^`!7f25q&NBbJ;vPI5<8nX0NsQGLN3Ru(U6qBeQ;!xx?pgWJJ<Zhi*<z<vt"
)
LATER: Final = _bytes(
    "c-l=+K~BRk5Omr=0~IY2hf2Jlz2p-"
    "S2Z&Upg18~evE4R}6NknIRiY9X=*2gdzwkR)H$v1tcy`u1W6xXo^&OD?awD#^6?M)FCF27OZb0X`Qgm)BZgO40CybZ"
    "G4Qa^=Nt;5pEu@h>qnXW>$t!9$wM5QEi5BwS7w<5GaY}FpX(vsRa}fxl$d<g4Rj}&Z5tydr11A*AVy@R{9kxgB;c9k"
    "weLIC6xGr{4%AGVeD{~Xq8*oR88M%gZn1m#VIxv|S^t$=MwS}?kQ(7}#u!W=)rY@qiVx`9(mJA=;Lj2~QJ&?9L6!IF"
    "qh0+;Q4HhmEa?Y$W4T^;#=f;x*%&f6%NuQar(zlLFEi4AOymX;Agyn_n3eB-"
    "Kq6Z06Z@0hNz$3Umt14}nkGgexvP}KWpB69w=GM&OUyQ4)r~"
)
