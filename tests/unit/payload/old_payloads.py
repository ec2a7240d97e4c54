"""Payloads that other Pythons and old serializers wrote, kept as bytes.

Each is `[f, C()]` of this source, which was run in `__main__` with `math`, `sqrt`, `OrderedDict`,
`suppress` and `thing_sent` as globals; cloudpickle at its defaults, dill with `recurse=True`:

def f(x, table=OrderedDict()):
    import first.inner
    try:
        import orjson as codec
    except ImportError:
        import json as codec
    try:
        import finally_needed
    finally:
        x += 1
    def inner(y):
        from second import thing
        import importlib
        with suppress(ImportError):
            import maybe
        return importlib.import_module("third.part") if y in x else left_behind
    try:
        from fourth import name
    except (KeyError, ModuleNotFoundError) as error:
        name = None
    except ValueError:
        raise
    return sqrt(x) + inner(1), math, name, codec, thing_sent
class C(object):
    kept = OrderedDict
    def method(self):
        import fifth
        return sqrt(fifth), super(C, self)
"""

from __future__ import annotations

import base64
import zlib

__all__ = ["OLD_PAYLOADS", "old_payload"]


def old_payload(python: str, serializer: str) -> bytes:
    """Bytes that a Python and a serializer wrote, by their versions."""
    return zlib.decompress(base64.b64decode(OLD_PAYLOADS[python, serializer]))


# Key: CPython, serializer and its version. Value: the payload, deflated, in base64.
OLD_PAYLOADS = {
    ("3.6", "cloudpickle 2.0.0"): (
        "eNp1VVtv2zYUJmVZ8W1ZlgQL0AtQbC/OQ700DboOy7KhXoMV6pQ2LZr0ISB0oULHtORIFFYX1rDNS9YBBDYg3D/Y"
        "D9lP2yEtY+nDrAeRR4ff+c4536F/sv86cJD5naiu3Ah5WkTjQTjktHdtreQHJCgGXAwSIiZjqq6UbD31R0Hkv9Tb"
        "C3WouqwmG/00ov9ZXMtFbsP91K31/4lwhDgqrUnHrHBZO0LJLRsJa9jKtjDSj/lSK2uvUWIdo7dzT7u0j1CE3qHI"
        "+hz9jo7RbyjGUS2yf22U9ckK+NR5feSUDkaAuAeIS6IRa9Q/MSqXMHrbilDpHKHXgAKrpR+XjlHyMfg1wefveeRf"
        "0DymaL1DMzytR9YMbyDRnjrTmujE9RdIdT1IBrNm18WwsN2mu9bfh+gWRyNc4oq9VVqiJuwZ/mO5stR1phF6jg6B"
        "+xTyGDrZo6l15kS1GX4BbCtsWRdskJxC5WQLVlnUG/uZUALa4uQ0TJNIsY5sDkbjNBN8ECjZyIvxOKN5rmT7iTE/"
        "zrI0U7I+8ieBbtrcmYzSqNBNbHMaCxJQiBMZYDwBTPYRWxeAtpuLDAjswflBktBMuZ1+C+EObuAWXsVK4jdAblNA"
        "Z+VK3NvlaejzfK83d5Z24o903zVuOx5kuVh8cdLsLE8TxdakbRZyOR4kPucTklAa0Qhc4rTIBFPsE9lw6aTKY+17"
        "Q9xLxX5aJFFlbb3yeUGrjZ2fQ5GkPfLhtClcckpympjCsdtQVD/QqdcNI3iHoNBQsS67CbHq1KAIxW5IHCvX6t9B"
        "kK4FSS/DA2+rhTuOhVfwOjzL8E1tsts6yUNVQs0I0VkTYpYjH8aDqNzzPFOkW/8zTST2NZVVEhdJKAZpAoRFLnyh"
        "54p9XQJyl+2yB7JDyHnh8yoEGD4kxE+SFFzhVA424LBMyPCHiMZ+wYU2efrYtb1shynn1ATSSjnIIprR6NtBKCDc"
        "5qERHKk0osN8JZcAIA0NVpsQYJ4XGTXbDXI9j7wI5sdydaK06ylPA9CEIdZldxdtmTcJcusxLJtwaq5LbXmlLwr2"
        "GQzWqmyByAV9Y8TNVq9UUVyqy8MtOLMOtR1CvCHlVEC9Qu6D6q9AaY3qWoLM7MXNhPuKBaC64IyaHC90me7c88P7"
        "97a2d7bp/XjHj+Mg3Hq4E9L4Af3iYRBvU2Waxr6BIhv495rCdT4HUBp7SMcgl6fSGVHBUphJp7u4Eyy4FWr9G9VN"
        "hwWe4hkWcB9M0cyKLZhzGPNLIA1ijLXY78o6jDCMCKNawznlsWLiEtTIzt2bfVtrUckmqQiRxfixLz0PqrIyrwod"
        "jcWEhJTzRT+NzyM2WyjpnD2Gq7m3YLxfKvadx554OiP2zGPPAaw1B6tgGNd9uVDs8ESxl6aZ7JhRxhc9eebBXwLJ"
        "eSq0OjW3E1WUynzc/FnR3r/+pC/s"
    ),
    ("3.7", "dill 0.3.7"): (
        "eNp1VQt31EQUnsk+ug1LqRRBARXkYepjqcrDB1btAoqRRdIKQYsxm5l0lmaTvcmssrBBaEkLvsB/oOf4Q/xp3ky2"
        "1mI9OSeZe+c+v/vIvdINIIbHOkHQcPK37ngxdyV3/H7oyU4U6kC3vfcixnXQDFMziVkzdbPU/ItRRgKSaoO6OtG0"
        "dI2EB8tEast6PENJ/qibUlq6TkLNJrcLyXJavkYYeUiYdoY8IjZZJz5lJVZ+UEsrg0mUqQSVbjWtUoIWZ9HimKz5"
        "udUnlKRjlNyuMZJWcxv4Hbs7ZhO0vxflxlHmz8LzCil8Sv0hWaXDCtNW6T4idwyrw5Ks+5V5AiWjhdlQgWlRPJTN"
        "cXOqeQHdawHp0pSOwtdSTZZkeZU+nhhxKnmqjFwhFgY/xESWq/HcUPu9ykp/0HkMF42Xc+N2hRAiRSdcgkoGVVsv"
        "yJg1em4sYUxCzbCryEy4F4UMxkXFHkey0+1FsQw6bdDtWn7d7/ViniSww96B5EV1fT6OoxjqykfXHbQ57LR3/qPs"
        "dCPWDzhMKI2A+9Jpc4yEwS4Jk4ZNkTuAZ0RF6GKnhN3Kz9lExhjsLEwpq50w5DHsMetNndA6rVGd7qbwrNK9BXsz"
        "2Dct4TkLnrcnkeM3zgaR5wbJbKNQ3G+XkR26XQ4HMjgo4QVDBeN34kSOZF5U6UfxzSQK4SVRVyqKOGRPKNnQDYKB"
        "E3LOOIPDStyP+rEU8LI4oKI2+aDA4og9heQllXgrkheifsiKm6MK+qtu0OcF45hylABW4bg6dl20+MpGhcIlJ+Gh"
        "BEPCtCH2FnV024jnq+qsUoDX1DmfDQ9eF4fFHgwo53Dl4g0JDTGlwPLhhKk1DxGEUEMgJ/DBr6bTelWjk3QPPhN4"
        "BzPTAlF9U8JbFrydwkmVnuPkEDoOnBqRXbcTInk6ESc8LwoCrkY30S/HjMecnet4Uocz0xa8k8G7LQnvWfB+CmdT"
        "+MDepQy4YRhJVymhndkUPkzW4KO2OGk8DdPHW5ZBELnMkYMeroI5cSyDpgXnNsE7v0V2SxfqcGFT7pMMPrXg4tbS"
        "fSbmxJEMTAs+39rxlzDFUPJb+TToG1wdWk9X6rJJ/zMbX6DRegZXLLA2yz3v5VHo+VmHhf/tmC9R92gGVy241p/Z"
        "biUWONiGmFO2cxKuZ/CVBV+rmjdhEa9Ud7dvYongRgbfWOBk8G0KboG0M8IHq9AWp5WdZd6T4IkzSrPLpYgYMEGN"
        "jS2l4Z4qNfePli+VdEhXqcQNNSSrmq/h5uG4eNbAN0aN6iPkS+K4ohA/nDkhFiV0CkR44MNNsbQGy2JKMPNAs5w3"
        "KQRqDTmOF7hJ3iPdDEKc9ciCXgogTglsPtba9k/BkYC4lUFigcygL+E7C75P4VYKA0Ngs92268o29N1g1Nl3VM2b"
        "jVG+w/4apG17TImxyEOJuy212xwnCSKZa+VR/XAD7qH9+xaseO1+J5AdnIIljq0tYx1WvSIw9YYHxfAkxS1kmwrJ"
        "hsLaOqxb8FBI5SpPxFG9F8oEHomVdfjRmhFgbLbST2JBLIqVf0H7M5Y8R24+pxbylvglg18teNyfEWtiRdwRi+vw"
        "xJqZvg+/8cbfvFgwpg=="
    ),
    ("3.8", "cloudpickle 2.0.0"): (
        "eNp1VVtv3EQUnvHazt4IIYmI1BZU8bR56JKiJMslCoJtC8jgtAmQ8BCNvJ5xZrtee2uPRTdaI2hIKNJIIGV4B4kf"
        "wk/jzKxXDQ/sPHjmzJnv3L5z9kfnjyMXmd+p6siNME4LOhmGo5h1b+yVfI0MimEshgkR0wlT10o2vwzGAxp8rY+X"
        "6lB1eE3W+yllrySe5SFYda/p1fr/UExRjErrvG12uKwdo+SOjYQ1amZbGOllbmpl7TuUWCeo0rRL+xjtoJeIWj30"
        "KzpBv6AI0xq1f66XzvkK6DixM3ZLFyNA3AfEJVGPNOrvGJVLGJ3XKSpdjQHfpR+WThDgvwl6DdD5e275BZrbFM2X"
        "6ALPHGpd4A0kWjN3VhPtyDlCquNDMJg3Oh42cdlew1vrPwL7VozGuMSV/1ZpiZqwL/Bvy5XE0bHuoCfoELyfQSQj"
        "N/t0Zv3p0tpf+Aj8rdClI/gwOYPsySbsMtqdBJlQAkrj5ixME6p4WzaG40maiXg4ULKeF5NJxvJcydYXRvwwy9JM"
        "SWccTAe6cHNlMk5poQvZilkkyICBHWqA8RQw+Rt8XQDaXi4ycGAf3g+ThGXKa/ebCLdxHTfxKlYSPwfnNgVUV65E"
        "3b04DYM43+/OlaWdBGNde43bioZZLhY3bpo9zdNE8TVpm41cjoZJEMdTkjBGGQWVKC0ywRV/R9Y9Nq3iWPvKOO6n"
        "4lFaJLSSNr8N4oJVBzt/BkmS9jiA1yZxyRnJWWISx9+CpAYDHbpjPIJvCCwNFe/w22DLYQZFKH5L4kh5Vv8ugnAt"
        "CHoZFnytJm67Fl7B67CW4U5t8rd1CkrIGCE6ZkLMdhxAgxCV+75vUnTnf/qJRIF2ZJVERRKKYZqAuyIXgdCdxfdL"
        "QO7wj/iubBPyrAjiygQIXickSJIUVOFVDjLwYZmQ0feURUERCy3y9bMbZ9kK0zhmxpDmyUFGWcbog2EowNzmoaEb"
        "qRiizezJJQBIQ4PVIgQ8z4uMmeMGuRlHXgzmz3J1qrTqWZwOgBHGsQ6/tyjKvEQQW5dj2YBXc1ZqyTd6VPB3obFW"
        "ZRMoLthzQ22+eq2K4kpdHW7Bm3XI7QjsjVjMBOQrjAPg/DXwrF4NJojMXswm3Fc8AM4NnjIT46VO093d3v0eDba2"
        "2c52uL1Lex+wwWBrO9javb/T673/3rYyReMfQ5IN/H+KMtLx+JAae8QmQBZPumMmeAod6XZezQQLpkKtf6uadVjg"
        "Gb7AAubBDF1YkQV9Dm1+BW4DGSNN9nvSgRaGFuFUczhncaR4fgVs5BPvdt/WXFSyQSqXyKL9+Ie+D3lZmeeFjSdi"
        "SkIWx4uKGp1P+IsFlyb8AYzn7sLnh6Xin/n8c1/HxA98/hjAmnOwCoaPdGUuFX9yqviRKSc/5pSPFlU58OFvgeRx"
        "KjQ/tW+nqiiVudz8SbHuvwp4LgA="
    ),
    ("3.8", "dill 0.3.5.1"): (
        "eNptVP9r3DYUl3y27+K7XMJaWtaNMdhY7345wqBfYCU/9LaGYXalyVizH4rwneTIjWxfbRmacC7bsqQdaGwQ7fcN"
        "9ofsT9uT7GQJ7AQnWXr6vPc+7/P0g/vHJz6yvxd6pAKaCDEh5l+rTbIoWCQZiatsIZM80+d6xLEaXOwvcsrMXuiE"
        "CEYvDMLO9B+KKRKodo4HdoXrznOUfegi6RwGxRZGZtiTTt35HmXOPmot3dp9ju6hd4g6D9AvaB+9RTGmHer+3Ku9"
        "402w8YSX+rWPESBuA2JX9mKD+jtGdRej4x5FtW8wYO6+6e4jwL8Fdmtg83fj+SfU+JTBO3SCVx51TvBtJPsrf9WR"
        "g9jbQ3o0g2Qw90Yhtnm54Vp4Y/oE/DsCpbjGbfxO7ciOdE/wb8N2xzO53kPP0C5Ev4JMDv3i8cr506edv/AexNui"
        "K0/yJDvQp1oFsCroZBkVUkuogF+yRZ5RzXtqLUmXeSFFMteqV1bLZcHKUqv+13b7q6LIC628NDqaM63WG2OS5rQS"
        "8N0XLJZkzsAPtcD4CDD5Ot+UgPaolAUEsA33kyxjhQ4H0wDhAe7hAL+HtcKvIbix1Lsgg3jySOSLSJTbk8ZYuVmU"
        "MjAwuP04KUp5ceLnxcsSlMI3lGsXahgnWSTEEckYo4yCSZxXheSaf6R6ITtq87jxjQ18lssneZXRdjf4LhIVaz/c"
        "8hWQpNw0gtuWuOyAlCyzxPH3gdRoblL3bEQwG30uNP+U3wZfHrMoUvNbCsc6dKYfI0jXgaSHMGB2AjzwHbyJb8IY"
        "wpke8zuGghoYI8TkTIhdplGSwbLkn6v+IheC2fYwtXlaUFYw+mWykNAZ410gadZAAMgGIVGW5TKy1gBQ6/JMz/n9"
        "0bVEocUCIvKIEnm0NA3GR6emEFczDvF1HfAdvmGNrpPUfJ3rK0yD5WfW8n8Zh9O7DY4FgFCG5LqyIJyn1uKKJAOQ"
        "rGSvrVT58FxXW1efiTaLEd9Rrl3b63gKzkAv85fAnt06BT6ACdJ6An74Q+UesiXU7Avlp0zyHBqjM/qvNR1ozs70"
        "TvvkYIlX+ARLaMsVOnFiB9oNuu0MUEETsclnrDwIG5TKmWGpZCLWfHkGouBp+MHUNZLQao2QhYhKU6K2C2rNH/CH"
        "JU9n1x5ABu/kuZ410V/UecQfQ7EHhLyqInGpmumkTaCCkqsuITRfwMFMrRNSilwaQ+Pwha5s2/XmVSJkYlTVPWCg"
        "GVmYQvabF7rkSQonXvNUmwKDLhoj/qvqlpcX3gIWf6PWTajElimTpeYK9rf48Ygzri4p2VFre2b17WWRGv3wZ9XW"
        "+EfNJv8CFD4igA=="
    ),
    ("3.9", "cloudpickle 2.1.0"): (
        "eNp1Vd9vG0UQ3j3fOY7tBjeJlBKCVF7AkVrLJCkupURILkVg9YpSaBSkaHU/9rKXnO+cuz2oIx8qmASQVuKhi8Qj"
        "vPKH8Hcxu3eG8IBP1u7Ozc7MN/PN3Evr19M60r9j2RUbXpTk/iT0ziLau7aXYoWMnTNKgjz2eJjE8pXsMixuEDcP"
        "Ix7GhE8nFISiMUx8+oU6XMoD2R0ZIwRPY9Qc1YZ/+dhHESqMi7be4aJ2iOJNE3Fj2sNIPVpeK2pHKDb66GJdn83C"
        "PEQ/Id8YoJ9R3Fzs+uhHFGC/5ps/NArrogO6VmSN60UdI7C7D3aXeCMwpr9hVCxhBBqoqB+iIwTr0rdL8Va59hFo"
        "Lk//LCP4HpW+OfiZ45nlG3O8gXhrVp/VeDuwniHZtQESZo3uCGt0JuBbG34F/o0IjXGBKxxGYfAaN+f4l1uVxFKI"
        "ffBnonkNo7jzLsoe9FHp+Qj+M8D5NUqfz4zf637tD/wMMFQehcVZGJ9AXkUTdqnfmzgplxzKVs+ol8S+ZC2xHI4n"
        "Scqj0IVaZPlkktIsk6L1qRZ/nKZJKoU1dqYuFPVGqUzGiZ+rIrciGnDiUvDja8N4CjZZh61xsPYw4ykEsA/3wzim"
        "qRy1h02E27iBm/htLAV+AcFtc6i76AS9h1HiOVG23yuVhRk7Y8UKZbcVhGnGF2/qSXqaAafYqjD1RqwEYexE0ZTE"
        "lPrUB5UgyVPOJHtLNEZ0WuFYe6IDtxP+OMljv5I2nztRTquDmZ1DkoQ5duC2Tlx8QjIa68SxLUiq4yrolo4IVg/4"
        "60n2DtsEXxbVVrhkrwscyJExvI0ArgGg23gF1qaxjtt1A3fwKr6lUyG32ZsqBQVkjBCFmRC9HTvQJkRmtm3rFG39"
        "T6+RwFGBrP7TaxAuz7jDVX+xDwuw3GUP2D3RJuQ8d6LKBQheI8SJ4wRU4VYGskL1LTn7xqeBk0dciWx17dpZtLwk"
        "iqh2pHjyNPVpSv1HocfB3faBphupGKLcfCCWwEDiaVstQiDyLE+pPm6Q6ziy3C2vZfJYKtWTKHGBETqwLrvD7lbV"
        "AVh3YZgsw4WSkFqi5gfrQZ/dFE1gN6cvNKvZzVcyz6/k1UEf7qyXYyk7oxHlkCovcoDuMJxEo5pMAMpcDCc8lIwA"
        "3dxTquFdqgzdDgaD++/t7fq7/sDd2xlQ1+vvuffvBTs7jr/r9AdS14vtQ361+f/UI1RQnkBWzDM6AZ58JupjylkC"
        "zVjr/jsiDBgSteFmNQAxxzM8xxzGwwzNjcCAFocOv4KwgYeB4vkdYUH3QncwV9E3o1Eg2fkVEJHFozeGpqKhFMuk"
        "CoksOo+9b9uQl06ZFzqe8CnxaBQtiql1PmIvFzSK2RBmdm8R86NCssc2+8RWmBiYegrGmqWxygwLVWUuJfv8WLKD"
        "spJfMpeFi6rYNnwXSBYlXFFTxXYs80Lql9vfSdr7G4qtMGg="
    ),
    ("3.9", "dill 0.3.6"): (
        "eNp1VN1vG0UQ370P27GdD9GKloAQD6g4fbDcPrQVVHnAgEQsDGpQoyBVq7N3L3tlvefe7aE68iHAJAV1JR6ySDzC"
        "K38Ifxeze+c0RcKWvXNzs/Pxm9/MD8HvdxrIfZ6Ynm7TRIg+sf9G75BpxiLFSFzIqUpSaS5Mj2PdXeunKWVWN/JG"
        "CL6tUXvkD/+hmCKBSu+06yRc+kdI7gZIeYs+Rvbr9H7pHyPpDdDpdfcclMER+gVR7z76Fcn2WhqgFyjG1KfBz60y"
        "PN0B21CEs0bZwAj87oPfpmrF3uIPjMomRmCBysYROkZwNr9vyneqc4DAcmPxd5XBT6iKrSDOCi9D6q3wDaQ6y8bS"
        "V904PESmN4aSMA97I+yqC6C+a8NvIL4n0AyXuK7DKz3lq2CFf7tZa0JbMYV4AVr5GMmdOyj/cICqyMfwW0Kd36Hs"
        "8dL7s0H9v/Ah1FBH1KHiiTwxZ0a3Qcpofx5lyijoTSNn01RSw1t6I5nN00yJZGJ0Ky/m84zludGdz5360yxLM6PD"
        "WbSYMKM3K2MyS2kh4LkjWKzIhEEc6hzjBfjkm3xHgbeHucoggX24n0jJMjPqDtsId3ELt/EtbDR+DsntKfMICBL3"
        "H4p0Gol8v18Z60BGMwYG1m8nTrJcrd800uxpDhzi2zpwgt6KExkJsSCSMcoomMRpkSlu+Lu6NWKLuo5rX7jEx6n6"
        "LC0krbXtx5EoWP0Q5M8AJB3MIrjtgJMnJGfSAcffAlCjiS09dBnBaZk7Nfx9fgNihcx5UYa/qXFsRt7wPQTlelB0"
        "F2/B2fau427Dwzv4DXzTQWH2+K6FoATECLE1E+LEWZRIEHN+V3emqRDMDY7tzZcZZRmjnyRTBTOz9whAGlcuwMk2"
        "IZGUqYqcNTgoTX5uJvxe72p/29B/xZ67vvOti/+BBia0TUQaUaIWczuf/IMz262rsIxwjRm/XQsX/6EPP+Db7tqr"
        "ToDqllNVOEOcLfI6tyDW7SrWle7AtZ5VFoOru6POrccPdOBkdw8PwRyoMnkKwDnVGUABe4nUIQAa/kAH37I55P6R"
        "bsyY4inMhN97NakezKo/3K33EFZ4iVdYwZQu0cqLPZg0GLRz8Ap0iG0hezoEkIGknFoW5UzEhqfnwAcuRm8PA8sG"
        "ozcImYoot92pB6A0/D5/kHMxfm0rMlieF2ZcZb9ucY9/DH3uEvKsiMQlYYb9uoACuq2bhNB0Ci/GepOQXKTKGtqA"
        "T0zhJq41KRKhEkuo5gkDuqjMdi6oFnZYLe4Ly8S8fsu1buaXli/ACS/1ps2RODZJlRv+EvQDvuitSfHVJSAHeuPQ"
        "Sl+vW8Qpf1kM9n40rP8v49Yg3Q=="
    ),
    ("3.10", "cloudpickle 2.2.0"): (
        "eNp1Ve1v20QYv3Ps1E3S0bUTFaWV4AukYosGtKyFMSFlDEGYh1qgKlJ18su55/Vip/aZLlWMCqVlSCfxYcd3+Ff4"
        "x8ZzFwfKB3KKfPf4ud/z9nsenzu/p01kfoeqK1dCnpXRKAmPOe1d2yt5gwz9Y0riMg1FkqXqheoyLBdIUCZcJCkR"
        "4xEFoXT7WUS/1odLtau6A2uAYLmD1qDR/yvCEeKoss6aZoerxj5KF2wkrPEKRnoZeaNqHKAUn6Kzljnblb2PnqPI"
        "uod+Rakz252iX1CMo0Zk/+xWzpkLug53hs2qiRHgrgPunHBja/wlRtUcRqCBquY+OkDwnPthLu1Mn6cYNOfHe1MP"
        "fgJc0XqOLvDEiawLvIJEe9KcNEQndvaQ6noQDmZud4BNZDbEttz/DmxbHA1xhesYrMoSDWFf4N86tcTR0UbIhnXR"
        "wCh130XF+imeWj2A/wRi/B7l70ysP5pR40+8B/7XFqUjWJIeQU5lC3Z51Bv5uVACStYsaJilkWJtOZ8MR1kueBJA"
        "HYpyNMppUSjZ/tyIP83zLFfSGfrjAAq6MFUmwywqdYHbnMaCBBTsRAYYjwGTLbJlAWj3C5GDAw/gfpKmNFeDTr/T"
        "wS5uwVp7+aqlJH4G7m0IqLpcjHv3eRb6vHjQm6pLO/WHmhMauR0neSFmb5pZ/rQARrElaZuNvBEnqc/5mKSURjQC"
        "lTgrc8EUe1O6AzquI1l+bFz3MvEoK9Oolra+9XlJ64NdnECapD304bZJXXpECpqa1LE1SKsf6OAd4xE8Q2BvqNjb"
        "bBVsOdSgCMVekzhWA6v/lost3DHLemlZLXzLgl1zES/hReyewx7kq5baYOs6ERVkjhAdOSFmO/ShVYgqPM8ziVr7"
        "n34jsa/dWfqn38BpUQhf6B5jH1eA3GUfsi3ZIeSk9HltAgSvEOKnaQaqcKsAWaV7lxyfRjT2Sy60yNPXrp1lO8w4"
        "p8aQ5suTPKI5jR4moQBzG7uGdqRmijbzkZwDgCw0WG1CwPOizKk5rpDrcRRlML1WqEOlVY94FgAvjGNddpvdqWsE"
        "Yd2BgTIPF6bENBI9Q1gP+u2mbAHLBX1m2M1uvlBleaWudu/CnVvT0VQcU04FpCrkPtAeBpR06+kEQdmzAYX7ihEg"
        "XfCUmvAudYbe2I7CnWjzrr+1ufXBJqXh9ns7OzQI420avx9s34uUqRd7APk18P+pR6JDeQxZsY/pCNjyhWwOqWAZ"
        "NGWj+++osGBYNPqr9RDEAk/wBRYwJibowootaHXo9CtwG9gYa7bflg50MfQICzSJC8pjxU6ugI4sHbzet12gnZLz"
        "pHaJzPqP7Xge5GVxmhc6HIkxCSnns2IanU/Y+YxGKevD3O7NfH5YKfbIY595OiYGUE8ArDUFq2FYoitzqdhXh4rt"
        "Tiv5DQtYMquK58G3gRQ8E5qa2rdDVVbKvNz4UdHe39QcM/w="
    ),
    ("3.10", "dill 0.3.6"): (
        "eNptVN9v2zYQJmlJVhSnTX9g7doU2MNQ2GthZMCAbUXXF3cDBm8e0gwLMqAgZIsK1cmUK1FLHVhDNi9pBxDtg7n3"
        "7V/ZP5YdaTlLgJmwdTqej/d99x2PnT9zD9nPc91WQZSkaZeaX6026ShnoWQ0LsVIJpnQC93mWLVW/lEWMePrfYiw"
        "jwlumXVGCMEBuYlbHsGb+Dq+DV4CXt0nfQTL7wf9Ru+fCEcoRRU58qyFq8YeEhsOkmR6CyOzrL9RNfaRwIfoKLDv"
        "TuXsoTcoIp+iP5BwV9Yheo1iHDUi53e/co98iHVTd+xVHkaQ9x7kbUo/JtNvMKqaGEEEqrw9tI/g2fylKVrL5yGG"
        "yLXp7rKC3yCvDN6gOZ65EZnjW0iuz7xZQ7Zidxfp9gDgYO62ey0EIH0c4OBsC4BiC9QBqDd6P0IpJEVjXOEaEqmI"
        "bEhnjt+1ao9rwEfIgTVvYCT8j1Fx7xAvi9iH7wwg/4zyBzPylxc1/sa7AKcuQLmSJ+JAn2gVgJVH3UmYSy2hm17B"
        "RpmINA/UWjKeZLlMk6FWflFOJjkrCq3Wv7buL/M8y7Vyx+F0yLTaWAbTcRaVKbyvpyyWdMjgnMgmxlPIya/y6xKy"
        "PS5kDgU8gf8nQrBc91u9Vs0G3jp7j2iFX0F5Hamfgaji7uM0G4Vp8aS7DFeOCMcMAkzm9TjJC7na8bL8RQG649eU"
        "Yw11JU5EmKZTKhiLWAQhcVbmkmv+gfL7bFojufGtLX2Qya+yUkS1N/ghTEtWvzjFS6BJOeMQ/m2pEwe0YMJSx+8C"
        "reHQgHdtRfA0ah9pfp+/D2e5zGaRmt9WOAZp9+6fT4BVe4BvErA8MwGb2D8GG/x3iO7wLUNEBcxRapBTas1xmAgw"
        "C/6JWh9lacrsyJkefZdHLGfR02QkYdo6z4CqwTIFJLlKaShEJkMbDQkqXZzqIf+sfbHPAehAsle2/3xzsYINw3yF"
        "Xm72QvOHJ6ZR/7EJUQFNszCicjqxEW0bcUk8fIdfs97/pR52O3b3YgvA+ZF1LlvBH9bG4nI7+rjcvnjr1EW0+Y5y"
        "rG1z4B7kA8EMXwBx1nUCVMCNRmtkQA1/pJyf2ASO+kJ5YyZ5BrPRaJsBdswNthpcAqPb6N2pbygs8QzPsYShnaE5"
        "iQkMHszdKSQHbcSGxgfKBa5BsTw2kipYGmuen4I4uOjf7Tk+iECrNUpHaViYJtXTUGn+OX9UcDG4dK0yuH0XerAE"
        "sep0mz+FdrcofVmG6bluet0aRwlNV01Ko2wEGwO1QWmRZtIEmgOf69KOnz8sk1QmRlfNAwaqkbnh21ne+O7y5l8Y"
        "QRb1Ln+nmsV55GtIwo/VhqmRWlEJWWj+FvzbfNZetZKeE7Kj1naN9f2qUzzmb8vtzq+adf8FidErVw=="
    ),
    ("3.11", "cloudpickle 3.0.0"): (
        "eNp1FktsG0V09mdvYidO8+sHUkoKlZNS0xQnpVKIaE0qKhe3DSm0h2i13k/H9XrX3R2TpI1RQW1J0B6COhUgtVI4"
        "UCFVQuKAFIlTD9xdVIQvkXrhHiQOOfJmva5tKJ7R7Mybef+fb0r3tC4U/BZo0t+tWU5FLxe0omWk2vbU71VKatFQ"
        "zIqtkYJj07s0iTm/R8lXChYp2ApZLhsA9OWMoxvz7HCbztFkls8iGHJWygqn3uAQ+gJ9jXRORxaq8l2NHVcV7MGD"
        "iIjo+e815Ea5xq1QFS4jW1xES/Bd5EIcsSquIZ2/3oPQl8juPohap+bLVWRyunBLrkoBjmhJpUg1wiF7HHj1tniR"
        "vtbe5IFzvBrVUTVyGcEa/TRq9ze+ixzp75CQ59Dnz7mRodbdGnoImj7immcerUg63wm7zjgPt3BWIisC2dMmifQh"
        "oskc2I7DcjLLBWYUs5HsQGbzHhfYkLdQiatyoZ34Kk+ibVrJrX0n50kUYkhVQUdsPOThnm/eg4ViB9EE8sRFvqEb"
        "hy4DlEMraE38BLlDK/xGBL3gpwudnOxIu51DfXyJ4IJ9BcLD74adq6fKqksogeiLeIbm2DrFMb+rUCo7LrEKeQgp"
        "r1Iuu4bnUT92JgDPuq7jUl8qqct5iM2exmOl5OgVFqsxyzCJkjeAjx4Q5paBJu7DAwSoTXvEBQFmAL9g2wbQ6TNT"
        "05ajqZY3k2qAsvHMjzs3UV0+UOucdXlPrTm3eobuFZ/0jD7tGd1GXNfeYKnH96yeZWNbaIKC5S+2/I06YC9adnZ2"
        "XgR+9vaJzQubkc3I6vIfiUO/JQ5trDxJpJ8m0rVE+tdsTT5HM/ENaUL4SZyMbnKTUepzS2DiMQJJ6Iu2WmL5yEwR"
        "MwuuR0I1/YjjXvUgm3G/LwYbv9cs2KplLSu2YeiGDk9Mp+ISTPGoL2eN5dD0Ax8Ets455LRTsfUQ2v2RalWM8CB6"
        "18CvvlhSATvwtX1F8Qw78DXeD3Gg5pm3pEAi+GpQOTSKk3gf8JKMgAqheK/PmRRPZflToxBZzCvicK05t3lBGqnL"
        "+2ttc2crNgxGk0ZaS11+udY5wT3SCDO2KEiJujxSa85nctfqhbXIKrfK7cASbhtjm5ek89w2+p81Lkm9dfmV2n/m"
        "zlZ88PfhsVpsnEkz2FrqiYFVsTVAHhB+iF31tpa63MOk7YXLP2OJdW7tuH98/eL6xW8mvrpELz2JjTwgG/M/TP48"
        "XotN18Rpmjn8hRhHfu+IcJ8bEb4TD6NH0WPCL5GTPHrM7zo5Jjwe4E/uEx7vS8CejuH9LDLmaBVyQ1FYqChKsC2p"
        "UNcV6uVyOXYP5b7/ef0HRxKPqITVfPxuFZCT+B085ccV5VpFtUIqAEgoimrbDjwFLA9gVdZLlOKibphqxSIMlGNo"
        "bWc/pjmWZQSMWNKfc3XDNfT3ChoBdmNzQe1QwnRnbGb8KBBwtIBWTFGgc3kV1wiOu5W2PqZ4lXwDzaMLlD29Yjl5"
        "SPxAsCQ+glNh3IJaKdC4CxAa1SWAsJ6G34SSvMvvhlJFjKWgROFdd2mlcofemTsKOIONVukVDcsgYCrNUqF2QcP0"
        "5bBbglJis2FyGYpVSMT8VSNQ7zYIgs/hGc8/MKmZUxMTR9NvHT2WTqfNqRNGXp84nlfz2lRaM81jtOmXRINHh1OK"
        "TB+g44tFowxpdNaPlAyCHSivQrLVUnjWmTPzYUthbZkjQltb4jpLOpHaWkxbE1j5VxMxeSj3UO3vgNaQ4CYrIEd8"
        "CSo5lB2ss7rgGRbktXcHMhyX4X9DKhQv+1Lm9aD2Dq7G2dhKDKzPrt3wbzyY/f7Vjflvc/dztcR4TR6nGUT9LiXU"
        "XWmWOzydy4FN+hpeMEplsqxohmU1Qyd4cwrfagZtGc/iJXwarP5+Dp/JMZvh8zl8AWh0N2iE2LjI3H+b4rkFiucb"
        "4fIx1nGx6frzOfhDpHiWQ1j8M5EWaKVKg8uxz6iR+gf1VOJ2"
    ),
    ("3.11", "dill 0.3.8"): (
        "eNp1Vk1sG0UUntkfe+OfOM2f0oKhfxQnbaMWNSqItKKYgpDBJW2K2kO1sr3rjtv1brI7Jk0boxaR1kGDVJqpANFK"
        "4UCFVAmJA1IkTj1wd1ERvkTqhXuQOORW3qzXsV3Czujt2zcz77158817e125+2UP8p8LPMUiRsmyxnVBOevTC66Z"
        "o6ZerNgFWnJsvsxTBLNYS15wDFPI0nsVrGEJx3A/jj3TJAlr0k4cCUm4D+/EwyCVQMozUgZB0zJqRn77AEboFvoa"
        "GdhAFqpKPU0OV2V7cA+iCtp89iI3jJujclU+j2xlDl2B9xwO1ihVZQkZ0tU4Ql8gO7IHtb9aM2uoiA35c62q+msU"
        "Sy2HqiGM7DGw1du2RfvafFECy7Fq2EDV0HkENPxp2O5vvucw7e/yUMLos01rdKg9toQewE4f4ta3hBZUQ+qWXRWW"
        "h9trFkILMh3p8EQ9g3gqC7HDRE2lYwpEWsNjWHs2DlHFflSVTCgzkF69i/2QShYq4yoOwiZVJRru2KTW5rsdmUDB"
        "CrUqG0i0BxKMS61xCFh0DzqMPGVOam4Vo/MgxWgBLSmfIHdoQVoJoS0eQ+62ZIc6wx5sj6mUlOyLfJGzCHCuMT6T"
        "cymnAMyQZxYc2+AkwnpK5RnHpVYpz5nmVWZmXNPzOIu+74tPuq7jcqaWc/N5k7N4c7JedoyKBd9RyyxSPW+CHcNX"
        "jOdBJ0mQfgraJj3qggPHYX3Jtk3Q01ccn7ScQs7yjo83RZlY+qeN66ih7ax394Y2Um/1tfjQ3cuP47ufxHevI9yz"
        "3SeN2EjtA9HW5ZbIJ38L8g/qkm1FNjY2thI/ff2N1anV0GqoNv9nYt/viX0rC48TR54kjtQTR37L1LVTPB1bUQ/L"
        "PysT4VU8EeYMX4EQj1J+mjPFzpVN+BKhiBZLrkeDbbKQ417y4M6TbUzxGdZbLNk5y5rXbdM0TAOmFJ2KSwknu5iW"
        "MeeD0A986Mc669B3nYptBNLIxzmrYgYfijcL58qUcg5W+2dtX9Q90/bPmiQBB7m8OC3V9wjeItMUOHmVbAdbqulr"
        "oZyMMFzkZCIjvb0bkCVORRmut/q6JKvJhvZSvaNvrEWHIWhqsk0a2ov17g7HoyZFsBVZTTS0ZL3Vn2o9tamlUA3X"
        "8AaQgG22dUlVP8Lr6H9oTFV7G9rL9f/0jbXY4B/Do/XomPBmsE0aiYGa0m7gDzg/JIZ626ShxYW3vTD4VzRxGy8d"
        "ZUdvn7199pvDX53j5x5Hk/fpyvSPE7+M1aOTdWWSp/ffUmKI9Sblezgpf6/sRw/Dr8m/hk5I6JG07cSo/GhAOrFD"
        "frQjATwfJUmBjNO8CndD1wVUdN1ny7mSDaxHJli04FiW6dcHcQtPuYbpmsY7pQKF0jB6GrCVbaoAJQldz9m2Q3P+"
        "bFBQ5d5NnidvpgIsQHXp1buv7DInBxcFVNsQg1kR3XJyhk7nZ/wZo/6MTiBl8NZAJFNkrDm5A5Ag3N+00c4nEcg3"
        "1Lzi5xnSt/xcgoEV2/wVTSiTgwGzzCuHOktk4GCKTDHF5/1FOA0K4IblL0HgfNEihALKrx7sGkJDjjHlsjkDut9i"
        "obJJiQPZT06JAqCIcttK/JIop+npIPGLWoqp3FFLcHfipWpHIehI1QvPpfqiBEkZcvJNcAuuYVEczgGmQnwgOZCS"
        "uL2eacHtq9yEe0hmmZYeD7zMvJB+xc+Qg7WYaGuJgdsnl66xa/dP/rBrZfrb7L1sPTFW18Z4GnHWo+sFK+cJNARJ"
        "qcrJJDnmkdls18+GCf8kyzzbjFYLUinyHuAqpuuzlZwVAJRcBZ/yLKzrhlOA7yyL67pnOVSMCzsXeMVPflq+UrJo"
        "SeA2fNEEVFIXLDCl+fujNn+DlgXgvWCULLOwtznzFighiywuXNN9uNjU4+QOyA+RGyn/mO+0EFLYDN4U6zkjuOkW"
        "HgAy35E7hJGSWDl6g5vj/wIi9utk"
    ),
    ("3.12", "cloudpickle 3.1.0"): (
        "eNplVVtvE0cUntmLvYntOBfCRRCgQJETCZcomCRSCjJuQGBhIAkVPKDV2jtmTNZesztuEhpXtCohga1ExaBWAlU8"
        "9KESr31oHyP1BwRRqUgBiZ+QVpFA5aVn1mvHbdfyzpmz5zbfucxt9dE5DfnPNZ7wdhQsu2ZWS4VZiyTbaO516WVj"
        "lujFWqXASnaFP+QJir2Ynq+VLFaq6GyhSoDpaRnbJDNic4dP8URWyiL4aVk1K5+KYoTuou+QiU1kobrU0aBwXQ4o"
        "pa6sIFO6FUPoHlpGRWzKX2t11f+qWGo5VA9hxPpR8KygZ7hBSWhRNaXm7hb82fam1GJoUWY7m7uiOo0OIqY094eQ"
        "E8YN73Jdvoq803NoHtY5fBBtxbLFY11NTdbdsimBlWg9bKJ66CqCd/iLsDfTWOcw623zJWH0VcsaT+QAG0y1RBb7"
        "MCnZULYv88Mj7GMkWaiM6ziITqpLLNzyrTWp5plTKJBT67KJxO+Z1PiC0SJaUT5DTs+idCOG/veYctPGdNvpBErD"
        "yMVzEPFVsIGRd6gtak9ltFS5Dkn2OoFyzGTVcBhnUEMhlxTsislpxOsolau2w6xSHgrDrVWrDnFd7kXO+uxJx7Ed"
        "7qllYyEPFRZrCOtl26yJiotYpMj0PAE/pm8YL4BN2k37GFibcJkDAZwA/VKlQsBOdzE5YdkFw3JPJBusbDQz+e42"
        "eq3tX9d2vor189kXsQN/Ityxaz26860M65ux8V8u/RpaXvgjfvh5/PDTxRfxY2vahd+y8HqrgsCGkP6bZyKP1bQs"
        "r8pqOhrmHp6Hgw8yKHBPqRhlUesiwEix5LgscO6FbOeGC51Cez3FJ7yuYqliWNaCXiHEJCaIFO2awyinBzwtSxYC"
        "QPrO+wjkbHbarlXMgNv5qWHVSLBR3JuAtqeUDdD2M1C5rruk4meA7oXsGHmBoepHBGsBurLAaaKJFnhUiW+LcbrL"
        "w0VOR7NShgNc68r2DUlWB9a1vRshWY2vawNvtI7lSyuhZbwpqepFvBFV1a7X2r7NThTtfoDvj357+fvhh1eeRwae"
        "sKczP6V+HlqLTKwpE+82P0TRHX8hrA681vZsyLC+3+hEHZ3C2Ap+v9mLYv2/bx9ciwwJoW0v433fKO9fRfrFruul"
        "FhMqXYD+yF0lLSFPSfejx6H0PrQqxdK98moPFu/+cHqPvLovfgryk5TSKXk11QU0H6R7RVqmeB3KRddFnnTdJ8sG"
        "DCydu7lcTnyHOdbbGmyAInOZwcQwo+k6KCfoCTrqRXX9Zs2wAivAiOu6UanYIApaLvDqYkjqs3MmKRo1iwlWTqi1"
        "7b1IwbYs4jsSfXDBMYlDzE9KBQbuBqf8dtKDDhBuTnphMGAXfFsRXYeR7NYc4m936G0DWndr+Yaay69xIXrdsvPQ"
        "C35gCXqEJoOigWMl4cQdoNBoOJ8jhjX9CGZRj9cJ3cvIvN+1tOchr9WW+NLUUdDZ1rgD3FliEQZQFSwD2hluAk8L"
        "rgE4lNK8CXCG0zx0Qf4G8Y93BwKhF+lJ19ufGjk6kh8/PpoaHh0/lh8Zy5tHU2Njx/OpYqFwzBgf5s28xBs+/pUU"
        "C87TDst/AIvpumvZTCRKHB7AUGZJFar8vBcqE0ZtmExyYmvmSuJqypwKZq64lzCTW3cHbs5GprZmb6j1tTVji9I0"
        "4jAWlyA06Lmi6OkjngojT/QaEa3qEguabH5JtFszELgtkwGZ3Z3ZLZpP2/Yq3vdg8v7nTyZ//ODpzOPcWnxoTRvi"
        "GcS9Dj2AQ2+OH/pxLgcwdTcSQ8pVtqAXiGU1q8mXydB7QR1vIXC6zTU9A4k5m6PnciI99FKOToHNzobNwBq1RIXc"
        "4XT6GqeXGxV1hRJqBdVRq3N/HfySk+Q/M4ChzA=="
    ),
    ("3.12", "dill 0.3.9"): (
        "eNp1Vd1vFFUUv3c+dme/ty2tJVABQdxWaSBaP2IhLksxZrUVWo08kMnszix3YXamnblrKXYNGAutXBNsL9GkxPDg"
        "gwmvPuhjE/+AEkwkKST8BaaaJhBJxHNnZ5clxtns3HPPPefcM7/zu+deVK4f11DwnOY5Fjertj2sizdnWb3sWQa1"
        "9ErdKdOq6/AVniOYJVv6smtaQlfYr2ANS1iT4S/FcTwi4aR67I8sTj6Jq9tiO3EfzmLpCS9KRQQ/ragW5aNJjNAV"
        "9C0ysYls1JBiTQk35FBSGsoSMqULKYS+Qouogk35S62hBquKrdYijQhGtBeFzxK6hZuShOZVU2rNLsCf9rWs5iPz"
        "Mu1vzSrqJNqLqNKa70NeFDd3lxvyKcSOz6LzMM7ivehpLk91NN3ypNl2TAmiJBtREzUipxC8o59H2VRznMW0u2Mv"
        "CaMv2tF4bhywwUTNFdIKTgKiu7H2JCu9/g8v4gA3pRgp9hS+v44D0CQb1XADh+lKDYlG28loLakFwggK7dSGbCLx"
        "uyU1VzCaR0vKp8jrmpfOptB/HlNuxZjs+FwB2yHk41n4hFMQAyO2r+MzmEpJ1TnDFziLg+SZw9OGRzkFikV8q+w6"
        "JidxFqvWpl2P2tUSZ5pfn572LN/nLPFeoB7zPNfjTK0ZcyWLs1TTWK+5Zt2GecK2KlQvWbCPGQTGcxCTZEg3hWij"
        "PvUggSPgX3UcC+JkK8Ojtls2bP/IcFNVTBbGHl1E97XdG1r/vVQvP3cn9cKfCMe2byT7H8owPnjzrZ9P/BJZnPs9"
        "s/92Zv/N+TuZ19a1iV+L8HqogsGmsP6bFxKral6W12Q1n4xyhs/Dhw9SfpIzxTFqFsxEgolK1fNpuDmLuN5ZH84U"
        "6WJKILB0peoYtj2nO5ZlWiaYVNy6Rwkne5hWtOZCQHo+CBAYd+lxt+6YoTb+sWHXrXCi+DOANlNqBngHFXDO6L7l"
        "BBUgA1AdoyQwVIOMYBQnuczJS2Q77KVaQRTKST/DFU5GilKBA1AbSt+mJKsDG9rzmxFZzWxoAw+02OKJpcgi3pJU"
        "9UO8mVTV9H1t11YcJbPX8NU3vvnou0Mrn9xODNygN6d+HPlpaD0xuq6MPtp6ESWf+wthdeC+tnNThvHxZhzF4iLY"
        "En681Y1Svb/1Da4nhoTRtruZnq+Vx/cSvWKWvqulhEsacH/1ipKXEFPyvWg1kt+F1qRUvlte68Li3RvN75TXdmWO"
        "QmWGpfyIvDaSBpkPkgFRkJO8AUTRdVEhXQ/EmlF1QPTJCEuUXdu2grYnKDnhmZZnmceqZQodb/AklHS8GQKCZHTd"
        "cByXGoE1BGhw/zIvkbdzYSXIgVBY4R2VhFYa123XMHU6Ny0aKRlcEJx5hv9kgnQF2o4DEocDRK3zwcEh2ZX/oQR4"
        "DgWeTRrAbmn92TMEOx4ILDrJA24vN5UdtCni+sHOzh8mnCMTTAnkwAMXwBuIXToLwAWqBYACbhU93BGgIYeZcs6a"
        "BkzeYZGaRYkLrUDOia6niFuk1eskcUcUjoa9TlwQmMrtJo5bPYmq7Z4Xaa+2e1tFmkQc2tFlSAK4XhEwvMJUQBJO"
        "IKmKI+JbNlC8fhnITmaYVhgOcyruKOwQnNe23cv0XBu7+tmNsR/23JxaHV/PDK1rQ7yAOIvpetk2fFHx8Lw3OBkl"
        "h30yM/7MPWnBdbrCx5uItGiTI+8Cd5K6PlM37JCE5AJkUmJRXTfdMszHWUrXfdulYl3sc5rXg76ilepVm1YFN6Nn"
        "LGAe9QS5lObNrTZvcME2qF9zlaywqN+2vAJByAJLidT0gE4O9TlZBv1BcqnN2/dJlSy3AZtgsUkhTbUqDqRYJcuE"
        "karwG7zEreF/AdQJmWM="
    ),
    ("3.13", "cloudpickle 3.1.2"): (
        "eNplVd1v01YUv/5K3KRJSksLjLUNjKG0WzMKZQWtFIUMEEQYaNoJKWKWY19zQx07xLZGt1Vik+hAeBIbF2kSPPCw"
        "xz3uYdKeKu0PKNqmIRUk/oRKYwKNl53r2G22OYp97rnn457f+bg3pPtfyih8LtNCsEO3HN9oNfRFCxe7aBpk1aa2"
        "iFXTt3Wv4dj0Hi0QLsiodb9heQ1b9ZZaGJiBXHYMPM8WN+kcLVT4CoKfXJEqwol+DqGP0X1U5arAtPmRDsXZQkSJ"
        "tjiPqvxEBqEmWkBTXFV4A12VbSncFyvS2YSdyKPaIIqeeXSY61AL0l7QjFcT8K8NxVKX9NrOmJ6S9qE9qCbG6yTS"
        "kgjlO/4FWxhFymkTHYOvye1BW6fZ4tWysW6tb9MqD3Z6EbKTVWQnRhG8k6WkstD5mlytv8sfz/zhTYu0oABCHJEL"
        "FS4ES6wkKgPlH2a5ECkA8Cxnc9EJeZuvJTf9yzEVx83HkUi2UEXsd5jv7OQBz3nxA6C0bYAWP5dB/3uqQmxnX1eU"
        "DK93USFaGSBh8nk0ChbzSHmnK4ZA8kjDvgKJD1JAtY1iS2t71IO6SrhYd2yDknTQ02i2nLZnNepQLK7farWx69Ig"
        "fSZkn2y3nTYNpKa2VIeqy3SE1aZj+KwK0xY2PbWOwY8RGuaWwCbpIwMeWJtxvTYcYBb0G7aNwU6fWZyxHF2z3Nli"
        "h1XpLc++uoGeyfl1eefTzCBd/D2zd71350sBZd96fuToTxd/Ttxa+iO3/3Fu/6PPf81Nrcnnf6nA66UEAiD7Ny2n"
        "H0glSViVUqWBJA246xDxmAfVHoi21mSFz06WNhtt14u8BgmnfdWFtiH9gRgSQdZs2JplLak2xgY2QMR0/LZHKNkb"
        "yBW8FCExcC4MXXG8U45vGxE39ZFm+ThaiO41gDkQmxpoh9DbV1QX2yH0ZATSotUZeFJ4Ivjq0KI6JYUYJvAo4dCW"
        "R8mugDMpma7w5W8Bp3VxaIMXpOF1eWQjIUi5dXn4udxz6+LtxC3uL16SLnAbvZKUfSaPvkih3r673J3pbxa+m7x3"
        "6XF6+KH3aP7H8bX0zJo48+rF26h3x5+Ik4afyW9uCPB9vZFCPSlm6jb3+kU/ygz+NjS2lh5nQtuf5Aa+Fl8/TQ+y"
        "VfaJnGEqWcD+0FdiiUeBWBpCDxOlPFrls6UBYbWfY++hZGlYWM33nUgIqwf40rSwOp0Dmo6REZaUOboMVaKqLEuq"
        "GpJNDWaXSl1FUdg+jLT+zRkHGHqup3lsrpHSMigXyCyZDnpV9ZqvWZEVYORUVbNtB0RBywXeMpuX6uInBjY13/IY"
        "S2FqXesgrTuWhUNHrPzPtw3cxsaHDd0Dd2NzYRepUeEzN8eDJBhw9NBWWlVhOrt+G4fLHWrXrFZdv95Rc+llykSv"
        "WE4dWiA8WIFMkGJUMhBWESLuAYVOn4UcNrfJezCQtgUpaFoPXw+blWy7R31/ha7MHQCd7Z3rwF3EFvYAKt3SoIvh"
        "Ugjk6EaAoMT4UuDKlNShB+pXcRjeTTgIuUCOu0H+4PQRzdAnDxmaWZ+aPKodnTIApYNT708eMTXdNGmcl1zHx7+S"
        "YkE83bBAIsIatxo2th1gVXb9F8SMqrqW47HkMUAAoEHgsNTpqubB/Kj7XrgzFoiLuAUNcS5INLFHHJheQmFrSvPs"
        "SiufiKY0u8+4mhDPzAUunqQ1aXNaJzZ3N6fyFL8PURidKxAHtKfJ2n8ikGAssrbErKtdbEE/frrCOjM+CNyyxYis"
        "7C7vZn0qb3+aG7h78s5nD09+v+fR/ANlLTe+Jo/TMqJBjxphp8aTihxTFMC0r5NF3Gx5S6qOLSsuvVCmTIKo6LcQ"
        "ONXlmpyGLJ5RyFmF5ZJcVMgc2Ex1bEbWiMXK6SYl1cuULHTK7xLBxIpKyV+m4XfsC4qL/wBsW6FZ"
    ),
    ("3.13", "dill 0.4.1"): (
        "eNptVf9vFEUUn9kvd9v7Wlpai1h6RcRroQ3GNqiUxuuJRBYP6bWE5IKbvbs9ZmFvt+zuGRrEoAkFwpCgnSYmYMIP"
        "/uiP/mDiT038A0rUSFJI+AtMEzEQScQ3e7tHUXezs2/evHnz5jOf9+aStPKZgoLnFMvTRN20rHGNt4x2azXX0H1D"
        "a7Tsmm86NltmeYJpKtLXnLrBdcXdElawgBURPiGBUzEBp+SZ33tw6llC3tq1A/fjHiw8Y6qgIngVVVbFmR6M0Mdo"
        "BZVxGZS2sKMtYVsMJcmW5lBZGEsj1ETzaAKXxZfRGcWWg3FJlY/E7FgOVfpQ+MyhSdyW5uWdMDPqjcFX6Y+sTtYq"
        "A5E8Ie9Cw6giRf040uMI5drri7Y4hEqHG+gg/Bt4GD2P5rmukonmVro7XgXwk0LIjpeRHRtC0MYL8dJ8+9/AlZ5N"
        "6wl8PaPjkeVLgBAmcr6YkXAKcM1h5Vm38M7fTMUBepIaU3uL303jADpA9Ai2cRiyYAuVeCcgJZIiIIRoa7ItlhF/"
        "J4X2SA4AnpMOgKRvAfiE2TT6z1MWIz+7Nm2bA7gX5cNeHSwaQg4NgcccKu3ZtCkq+8S0T7PLjCZAcuvjC7rrMx9o"
        "F/OMmmPXGUnQLrO54Li+ZVYZVbzWwoJreB6jyQ8C9SHXdVxG5aa+WDUYTbeNtaZTb1nQT1pGw9eqBqxTDxzjRfBJ"
        "sqTHB29Tnu9CANMw37RtA/x0N8anLKemW970eFulporTTy6hB0puXRm4n+5jZ39N71xPDTwWUebVh2+9/cPxH2NX"
        "F3/L7r6b3X3n05+zE2vKsZ9UaB7LYAC2f7Fi8pZckMVVOVHojTOKz8OOR3w2y6hk600DejyyZMN0PT9clcYc94wH"
        "CUa2UCkQaKZh2rplLWq2YdSNOpg0nJbrE0aGqaIaiyESvR8GWy85/vtOy66H2sQJ3WoZYUfyzgHMVGrqMDuA3j6t"
        "eYYdQE8G4Vj0KgdPDiKCP0/rGiOvk22wlmwEXnxGBihuMDKpCsWvAKF1qX9DEOXBdWXHRkyUs+vK4EOl6+rxa7Gr"
        "+E9Blj/CGylZzjxQhh4lUKr7Jr6+/8v5r99YPnk3OXjbvzP3/ehacmpNmnry6DWUeukPhOXBB8orGyL8n24kUFeC"
        "u7qGnz7qQem+X/pH1pKj3GjrvWzvDenp/WQf72XuKWk+JQOov3lFKgiISoV+dDtWyKFVIVPoFVd7MG/744VBcTXX"
        "PRMTV/cJhf3i6v4syGyEDPLjmGUXgR+axs9H0wKxqZs2iB6ZpMmaY1lGUAE5E4+5dcM16u+ZNR+K38gsHGip7QKc"
        "ZDVNt23H1wNrcHCReUusSg7kXzgUqKIJzXL0uuYvLvAaSvZcDhgSHBKMZrQXqQ0WY22L4DTJWCgss01sIEfJSGD0"
        "v6yA0dFgdDMFVLw5yxKQhb5xPsg+0r38r7QDB1u4g9a+zZdAuIE8OUqlQA7WwEUwB1pXzwBwgeoyQAEgaOGOABpy"
        "kMMVsM4ybcN2QKduo9JZYwF2+C6NNQ2fOFAVxDwvhxK/ZKIiKPArpDgTFkF+f+CKGJWkeRwVqorcKYaxzmin6E0I"
        "uxCDyrQEgQH7Gxz6vVQGPCAnicmTxjMsIP0nS0B/4lKlOB7GpG4vbudZoGy9n+29eej6hduHvh2+M3ertJYdXVNG"
        "WREx2qVpNUv3OAvCCnCRkSly0CNu6YVr1IDbdpmV2ihFVMqTw8CnlKada+lWSExyoQVkon2a5nGG1TTdh5JWbfkG"
        "X2SExjWt7tRALNE02FiOzyfysVOsFZQgpdoyLd/kRI6fNnw+n3NIat/4cvvm56QCerRHyQqNex3LK+CELNE0j1kL"
        "2GL7HiNcv498kScm6VD0RAfJo7SrzKW5iB7AoG8A6xvE5PNGPmfG+D+87JeI"
    ),
}
