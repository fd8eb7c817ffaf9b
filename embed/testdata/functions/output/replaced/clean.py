def clean(x):
    print(x)
